// Runs before the first paint, so that whoever has a session does not see the login form flash by.
try {
  if (sessionStorage.getItem("chatroom.session") || localStorage.getItem("chatroom.session")) {
    document.documentElement.classList.add("returning");
  }
} catch {
  // a browser that keeps nothing has no session either
}
