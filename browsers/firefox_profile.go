package browsers

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// firefoxPrefs is the user.js of a profile that measures: loopback goes
// through the proxy, nothing is slowed down because nobody looks at it, nothing
// goes out that no page asked for, and nothing is upgraded, prefetched or
// guessed.
func firefoxPrefs(http2 bool) string {
	prefs := map[string]any{
		// Without these two the browser goes past its proxy to reach loopback.
		"network.proxy.allow_hijacking_localhost": true,
		"network.proxy.no_proxies_on":             "",
		"network.proxy.type":                      0,

		"network.http.http2.enabled": http2,
		"network.http.http3.enable":  false,

		// performance.now in steps of 20 µs instead of 1 ms.
		"privacy.reduceTimerPrecision":                               false,
		"privacy.resistFingerprinting":                               false,
		"dom.min_background_timeout_value":                           4,
		"dom.min_background_timeout_value_without_budget_throttling": 4,
		"dom.timeout.enable_budget_timer_throttling":                 false,
		"dom.timeout.throttling_delay":                               -1,
		"dom.ipc.processPriorityManager.enabled":                     false,
		"browser.tabs.unloadOnLowMemory":                             false,
		"dom.security.https_only_mode":                               false,
		"dom.security.https_first":                                   false,
		"dom.security.https_first_schemeless":                        false,
		"network.http.speculative-parallel-limit":                    0,
		"network.dns.disablePrefetch":                                true,
		"network.prefetch-next":                                      false,
		"network.predictor.enabled":                                  false,
		"browser.urlbar.speculativeConnect.enabled":                  false,
		"browser.places.speculativeConnect.enabled":                  false,
		"network.trr.mode":                                           5,
		"network.captive-portal-service.enabled":                     false,
		"network.connectivity-service.enabled":                       false,
		"app.update.enabled":                                         false,
		"app.update.disabledForTesting":                              true,
		"app.update.auto":                                            false,
		"app.normandy.enabled":                                       false,
		"services.settings.server":                                   "data:,",
		"toolkit.telemetry.enabled":                                  false,
		"toolkit.telemetry.unified":                                  false,
		"toolkit.telemetry.server":                                   "data:,",
		"toolkit.telemetry.reportingpolicy.firstRun":                 false,
		"datareporting.policy.dataSubmissionEnabled":                 false,
		"datareporting.healthreport.uploadEnabled":                   false,
		"datareporting.usage.uploadEnabled":                          false,
		"browser.safebrowsing.malware.enabled":                       false,
		"browser.safebrowsing.phishing.enabled":                      false,
		"browser.safebrowsing.downloads.enabled":                     false,
		"browser.safebrowsing.blockedURIs.enabled":                   false,
		"browser.safebrowsing.update.enabled":                        false,
		"browser.contentblocking.category":                           "custom",
		"privacy.trackingprotection.enabled":                         false,
		"privacy.trackingprotection.pbmode.enabled":                  false,
		"browser.region.network.url":                                 "",
		"browser.region.update.enabled":                              false,
		"browser.search.update":                                      false,
		"browser.topsites.contile.enabled":                           false,
		"browser.newtabpage.enabled":                                 false,
		"browser.newtabpage.activity-stream.feeds.telemetry":         false,
		"browser.newtabpage.activity-stream.showSponsored":           false,
		"browser.startup.page":                                       0,
		"browser.startup.homepage":                                   "about:blank",
		"browser.startup.homepage_override.mstone":                   "ignore",
		"browser.aboutwelcome.enabled":                               false,
		"browser.shell.checkDefaultBrowser":                          false,
		"browser.sessionstore.resume_from_crash":                     false,
		"browser.ml.enable":                                          false,
		"browser.chrome.site_icons":                                  false,
		"browser.discovery.enabled":                                  false,
		"dom.push.connection.enabled":                                false,
		"extensions.update.enabled":                                  false,
		"extensions.getAddons.cache.enabled":                         false,
		"extensions.systemAddon.update.enabled":                      false,
		"extensions.blocklist.enabled":                               false,
		"identity.fxaccounts.enabled":                                false,
		"media.gmp-manager.updateEnabled":                            false,
		"media.gmp-manager.url":                                      "data:,",
		"media.gmp-provider.enabled":                                 false,
		"security.OCSP.enabled":                                      0,
		"security.remote_settings.crlite_filters.enabled":            false,
		"security.remote_settings.intermediates.enabled":             false,
		"signon.autofillForms":                                       false,
		"remote.active-protocols":                                    1, // BiDi
	}
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(prefs)) {
		fmt.Fprintf(&b, "user_pref(%q, %#v);\n", name, prefs[name])
	}
	return b.String()
}
