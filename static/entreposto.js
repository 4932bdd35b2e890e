/* The little that HTML and htmx cannot do alone. Without it everything still works, only less comfortably. */
(() => {
  "use strict";
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const on = (type, act) => type.split(" ").forEach((each) => document.addEventListener(each, act, true));

  // A modal dialog silences what is outside it, so the announcement is made inside.
  const say = (text) => { (one("dialog[open] > [role=status]") || one("#aviso")).textContent = text; };
  const hideLater = (toast) => setTimeout(() => toast.remove(), 5000);

  const copy = async (button) => {
    const label = one("[data-label]", button);
    const word = label?.textContent;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.disabled = true;
      say("Copiado");
      if (label) label.textContent = "Copiado";
    } catch {
      const source = button.previousElementSibling;
      source.select ? source.select() : getSelection().selectAllChildren(source);
      say("Pressione Ctrl+C");
      if (label) label.textContent = "Pressione Ctrl+C";
    }
    setTimeout(() => { button.disabled = false; say(""); if (label) label.textContent = word; }, 2000);
  };

  let opener;
  const openDrawer = () => {
    const drawer = one("dialog.drawer[open]:not(:modal)");
    if (!drawer) return;
    drawer.open = false;
    drawer.showModal();
    let dirty = false;
    const leave = (event) => {
      event.preventDefault();
      if (!dirty || confirm("Descartar as alterações que você não salvou?")) drawer.close();
    };
    drawer.addEventListener("input", () => { dirty = true; });
    drawer.addEventListener("cancel", leave);
    one("[data-close]", drawer).addEventListener("click", leave);
    drawer.addEventListener("close", () => {
      drawer.remove();
      history.replaceState({ htmx: true }, "");
      history.pushState({ htmx: true }, "", drawer.dataset.list);
      document.title = drawer.dataset.title;
      // The browser gives the focus back to what had it when the panel was shown: that was inside the panel.
      (opener?.isConnected ? opener : one("main")).focus();
    });
  };

  on("click", ({ target }) => {
    const button = target.closest("[data-copy], [data-reveal], [data-pause]");
    if (button?.dataset.copy) copy(button);
    if (button?.dataset.reveal) {
      const input = one(button.dataset.reveal);
      const hidden = input.type === "password";
      input.type = hidden ? "text" : "password";
      button.textContent = hidden ? "Ocultar" : "Mostrar";
    }
    if (button && "pause" in button.dataset) {
      one("[data-label]", button).textContent = button.classList.toggle("paused") ? "Retomar" : "Pausar";
    }
    all("details.menu[open]").forEach((menu) => { if (!menu.contains(target)) menu.open = false; });
  });

  on("keydown", (event) => {
    if (event.key === "Escape") all("details.menu").forEach((menu) => { menu.open = false; });
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.target.closest("input, textarea, select, dialog")) return;
    const search = all("input[type=search]").find((input) => input.offsetParent);
    if (search) { event.preventDefault(); search.focus(); }
  });

  // A secret that the person keeps after all must not be sent.
  on("toggle", ({ target }) => {
    const input = target.matches("details.secret") && one("input", target);
    if (input) target.open ? input.focus() : input.value = "";
  });

  on("toast", (event) => {
    const toast = Object.assign(document.createElement("p"), { className: "toast", textContent: event.detail.value });
    one("#toasts").append(toast);
    hideLater(toast);
  });
  // An address that can be shared says only what was asked.
  on("htmx:configRequest", ({ detail }) => {
    for (const [name, value] of [...detail.formData]) if (!value) detail.formData.delete(name);
  });
  on("htmx:beforeRequest", ({ detail }) => { if (!one("dialog[open]")) opener = detail.elt; });
  on("htmx:sendError htmx:responseError htmx:timeout", () => { one("#falha").hidden = false; });
  on("htmx:afterSettle", ({ detail }) => {
    one("#falha").hidden = true;
    openDrawer();
    // What the foot's button brings may be out of sight.
    const brought = detail.requestConfig?.verb === "post" && one(`.db #${detail.elt.id}`);
    const panel = brought && brought.closest(".db");
    if (panel) panel.scrollBy(0, brought.getBoundingClientRect().top - panel.getBoundingClientRect().top - 16);
  });

  // A list that keeps itself fresh: only while it is looked at, never under a person's hands.
  const pause = one("[data-pause]");
  if (pause) setInterval(() => {
    const inHand = one("#lista:focus-within") || String(getSelection());
    if (!document.hidden && !inHand && !pause.matches(".paused")) htmx.trigger("#recarregar", "refresh");
  }, 15000);

  all(".toast").forEach(hideLater);
  openDrawer();
})();
