/* The little that HTML and htmx cannot do alone. Everything works without it, only less comfortably. */
(() => {
  "use strict";
  const one = (selector, root = document) => root.querySelector(selector);

  const say = (text) => { one("#aviso").textContent = text; };

  const toast = (text) => {
    const box = document.createElement("p");
    box.className = "toast";
    box.textContent = text;
    one("#toasts").append(box);
    setTimeout(() => box.remove(), 5000);
  };

  const copy = async (button) => {
    const source = one(button.dataset.copy);
    const text = source.value ?? source.dataset.bare ?? source.textContent.trim();
    try {
      await navigator.clipboard.writeText(text);
      const label = one("[data-label]", button);
      say("Copiado");
      if (!label || label.dataset.was) return;
      label.dataset.was = label.textContent;
      label.textContent = "Copiado";
      setTimeout(() => { label.textContent = label.dataset.was; delete label.dataset.was; say(""); }, 2000);
    } catch {
      if (source.select) source.select();
      else getSelection().selectAllChildren(source);
      say("Pressione Ctrl+C");
      toast("Pressione Ctrl+C para copiar.");
    }
  };

  const openDrawer = () => {
    const drawer = one("dialog.drawer");
    if (!drawer || drawer.dataset.ready) return;
    drawer.dataset.ready = "1";
    drawer.removeAttribute("open");
    drawer.showModal();
    const form = one("form", drawer);
    if (form) form.addEventListener("input", () => { drawer.dataset.dirty = "1"; });
    if (form) form.addEventListener("submit", () => { delete drawer.dataset.dirty; });
    const mayClose = () => !drawer.dataset.dirty || confirm("Descartar as alterações que você não salvou?");
    drawer.addEventListener("cancel", (event) => { if (!mayClose()) event.preventDefault(); });
    one("[data-close]", drawer).addEventListener("click", (event) => {
      event.preventDefault();
      if (mayClose()) drawer.close();
    });
    drawer.addEventListener("close", () => {
      drawer.remove();
      history.replaceState({ htmx: true }, "", location.href);
      history.pushState({ htmx: true }, "", drawer.dataset.list);
      document.title = drawer.dataset.title;
    });
  };

  document.addEventListener("click", (event) => {
    const copier = event.target.closest("[data-copy]");
    if (copier) copy(copier);
    const reveal = event.target.closest("[data-reveal]");
    if (reveal) {
      const input = one(reveal.dataset.reveal);
      const shown = input.type === "text";
      input.type = shown ? "password" : "text";
      reveal.textContent = shown ? "Mostrar" : "Ocultar";
      reveal.setAttribute("aria-pressed", String(!shown));
    }
    for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false;
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey || one("dialog[open]")) return;
    const search = [...document.querySelectorAll("input[type=search]")].find((input) => input.offsetParent);
    if (search) { event.preventDefault(); search.focus(); }
  });

  /* A secret that the person keeps after all must not be sent. */
  document.addEventListener("toggle", (event) => {
    if (event.target.matches("details.secret")) {
      const input = one("input", event.target);
      if (event.target.open) input.focus();
      else input.value = "";
    }
  }, true);

  document.addEventListener("htmx:afterSettle", openDrawer);
  document.addEventListener("toast", (event) => toast(event.detail.value));
  for (const failure of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
    document.addEventListener(failure, () => { one("#falha").hidden = false; });
  }
  document.addEventListener("htmx:afterSwap", () => { one("#falha").hidden = true; });

  /* A list that keeps itself fresh: only while it is looked at, never under a person's hands, and it can be stopped. */
  const live = one("[data-live]");
  if (live) {
    const list = one(live.dataset.live);
    const button = one("button", live);
    button.hidden = false;
    button.addEventListener("click", () => {
      const stopped = button.getAttribute("aria-pressed") === "true";
      button.setAttribute("aria-pressed", String(!stopped));
      one("[data-label]", button).textContent = stopped ? "Pausar" : "Retomar";
    });
    setInterval(() => {
      const busy = document.hidden || list.contains(document.activeElement) || getSelection().toString();
      if (!busy && button.getAttribute("aria-pressed") !== "true") htmx.trigger(list, "refresh");
    }, Number(live.dataset.every) * 1000);
  }

  for (const box of document.querySelectorAll("#toasts .toast")) setTimeout(() => box.remove(), 5000);
  openDrawer();
})();
