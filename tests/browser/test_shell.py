"""The page as an application: what comes before it is seen, what is kept, and that it installs."""

import json

from playwright.sync_api import expect

from tests.browser.profiles import NO_SERVER, Profiles, Serve
from tests.serving import Server

FIRST_PAINT_BYTES = 50 * 1024
"""The most that may cross the network before something is seen."""

PAINTED = "() => performance.getEntriesByName('first-contentful-paint').length > 0"

LOADED = """() => {
    const paint = performance.getEntriesByName("first-contentful-paint")[0].startTime;
    return performance.getEntriesByType("navigation")
        .concat(performance.getEntriesByType("resource"))
        .filter(each => each.startTime < paint)
        .map(each => [new URL(each.name).pathname, each.encodedBodySize]);
}"""

KEPT = """async () => {
    const found = [];
    for (const key of await caches.keys())
        for (const request of await (await caches.open(key)).keys())
            found.push(request.url);
    return found;
}"""


def test_little_is_loaded_before_the_page_is_seen(server: Server, profiles: Profiles) -> None:
    tab = profiles.open(server.address).tab()
    expect(tab.form).to_be_visible()
    tab.page.wait_for_function(PAINTED)
    loaded = tab.page.evaluate(LOADED)
    assert "/" in dict(loaded)
    assert all(size > 0 for _, size in loaded), loaded
    assert sum(size for _, size in loaded) < FIRST_PAINT_BYTES, loaded


def test_a_file_that_has_not_changed_is_not_sent_again(server: Server, profiles: Profiles) -> None:
    """But asked for, so that a new version is taken up at once."""
    profile = profiles.open(server.address, service_workers="block")
    tab = profile.tab()
    expect(tab.form).to_be_visible()
    with tab.page.expect_response("**/static/style.css") as answer:
        tab.page.reload()
    headers = answer.value.all_headers()
    assert headers["cache-control"] == "no-cache"
    assert headers["etag"]


def test_the_page_opens_while_the_server_is_down(serve: Serve, profiles: Profiles) -> None:
    server = serve()
    profile = profiles.open(server.address)
    profile.expect_faults(*NO_SERVER)
    tab = profile.entered("early-bird")
    tab.wait_for_worker()
    tab.expect_entered()
    server.kill()
    tab.page.reload()
    expect(tab.bar).to_be_visible()
    fresh = profile.tab()
    expect(fresh.form).to_be_visible()
    server.start()


def test_only_the_page_s_own_files_are_kept(server: Server, profiles: Profiles) -> None:
    """Nothing that anybody has said, and nothing of who is who."""
    tab = profiles.entered(server.address, "collector")
    tab.say("not to be kept")
    tab.expect_said("not to be kept")
    tab.wait_for_worker()
    kept = tab.page.evaluate(KEPT)
    own = (f"http://{server.address}/static/", f"http://{server.address}/manifest")
    assert kept
    assert [url for url in kept if not url.startswith(own)] in ([], [f"http://{server.address}/"])
    assert tab.page.evaluate("() => indexedDB.databases().then(all => all.length)") == 0
    storage = tab.page.evaluate("() => JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert "not to be kept" not in storage
    assert "pw" not in json.loads(storage)[0].values()


def test_the_page_can_be_installed(server: Server, profiles: Profiles) -> None:
    """By the browser's own word."""
    tab = profiles.open(server.address).tab()
    tab.wait_for_worker()
    devtools = tab.page.context.new_cdp_session(tab.page)
    manifest = devtools.send("Page.getAppManifest")
    assert manifest["errors"] == []
    assert manifest["url"].endswith("/static/manifest.webmanifest")
    failed = devtools.send("Page.getInstallabilityErrors")["installabilityErrors"]
    reasons = [error["errorId"] for error in failed]
    assert [reason for reason in reasons if reason != "in-incognito"] == []
