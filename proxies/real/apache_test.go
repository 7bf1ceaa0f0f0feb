package real

import (
	"maps"
	"testing"
)

func TestApachePrivate(t *testing.T) {
	for in, want := range map[string]string{
		// Debian's file, some of its lines
		"ServerRoot \"/etc/apache2\"\nPidFile ${APACHE_PID_FILE}\nUser ${APACHE_RUN_USER}\n\tErrorLog ${APACHE_LOG_DIR}/error.log\nLogLevel warn\n": "ServerRoot \"/etc/apache2\"\n\n\n\nLogLevel warn\n",
		// any case, in any section, over several lines
		"<VirtualHost *>\n\tcustomlog /x \\\n\t\tcombined\n\tProxyPass / http://a/\n</VirtualHost>\n": "<VirtualHost *>\n\n\n\tProxyPass / http://a/\n</VirtualHost>\n",
		"SetEnv a \\\nUser x\nUser y\\\r\nz\n":                                                        "SetEnv a \\\nUser x\n\n\n",
		// what looks like one and is none
		"# User x\nUserDir disabled\nErrorLogFormat \"%M\"\n": "# User x\nUserDir disabled\nErrorLogFormat \"%M\"\n",
		"User": "",
		"":     "",
	} {
		if got := apachePrivate(in); got != want {
			t.Errorf("apachePrivate(%q)\n got %q\nwant %q", in, got, want)
		}
	}
}

func TestApacheComplaint(t *testing.T) {
	for in, want := range map[string]string{
		"": "",
		"AH00558: apache2: Could not reliably determine the server's fully qualified domain name, using 127.0.0.1. Set the 'ServerName' directive globally to suppress this message\n": "",
		"AH00526: Syntax error on line 3 of a.conf:\nInvalid command 'ProxyPas', perhaps misspelled\n":                                                                                 "Syntax error on line 3 of a.conf: Invalid command 'ProxyPas', perhaps misspelled",
		"apache2: Syntax error on line 1 of a.conf: Cannot load /nope.so into server: /nope.so: cannot open shared object file\n":                                                      "Syntax error on line 1 of a.conf: Cannot load /nope.so into server: /nope.so: cannot open shared object file",
		"AH00534: apache2: Configuration error: No MPM loaded.\n":                                                                                                                      "Configuration error: No MPM loaded.",
		"[Sat Nov 21 03:17:46.164881 2026] [mime:error] [pid 10882:tid 10882] (2)No such file or directory: AH01597: could not open a\nAH00016: Configuration Failed\n":                "(2)No such file or directory: AH01597: could not open a",
		"[Sat Nov 21 03:17:46 2026] [mpm_event:notice] [pid 1:tid 1] AH00489: Apache/2.4.71 (Debian) configured -- resuming normal operations\n":                                       "",
	} {
		if got := (apacheDriver{}).complaint(in); got != want {
			t.Errorf("complaint(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestApacheTable(t *testing.T) {
	got, err := apacheTable([]byte("127.0.0.1\nServerVersion: Apache/2.4.71 (Debian)\nParentServerConfigGeneration: 2\nTotal Accesses: 41\nLoad1: 0.13\nScoreboard: __W_RKWWL.G.\n"))
	want := map[string]int{"ParentServerConfigGeneration": 2, "Total Accesses": 41, "W": 3}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
	if _, err := apacheTable([]byte("<html>")); err == nil {
		t.Error("another page was taken")
	}
}
