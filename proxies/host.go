package proxies

import "net/http"

func hostFault() Fault {
	return Fault{
		Name:   "host",
		Means:  "The origin is asked by its own address, not by the name that the client used.",
		Source: "nginx proxy_set_header Host $proxy_host, its default (ngx_http_proxy_module; measured on 1.22.1)",
		Early:  true,
		New: func(Args) (Hooks, error) {
			return Hooks{Upstream: func(next http.RoundTripper) http.RoundTripper {
				return tripperFunc(func(r *http.Request) (*http.Response, error) {
					r = r.Clone(r.Context())
					r.Host = ""
					return next.RoundTrip(r)
				})
			}}, nil
		},
	}
}
