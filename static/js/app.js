// What every page does with script. Nothing here is needed: pages work without it.
(() => {
  "use strict";

  const MESSAGE_STAYS = 8000; // milliseconds

  // --- Focus: after a page of errors, and after htmx put something new in place

  const focusOn = (element) => {
    if (!element.matches("a[href], button, input, select, textarea, [tabindex]")) element.setAttribute("tabindex", "-1");
    element.focus();
  };

  const firstError = (root) => root.querySelector("[data-focus]") || root.querySelector("[aria-invalid=true]");

  const focusErrors = () => {
    const error = firstError(document);
    if (error) focusOn(error);
  };

  // A list that refreshes itself, or grows under a search box, must not take the focus away.
  const focusSwapped = (event) => {
    const cause = event.detail.requestConfig && event.detail.requestConfig.triggeringEvent;
    if (!cause || !["click", "submit"].includes(cause.type) || event.target.closest("[data-keep-focus]")) return;
    const goal = firstError(event.target) || event.target.querySelector("h1, h2, h3") || event.target;
    focusOn(goal);
  };

  // --- Buttons: one press, one request

  const buttonOf = (form, submitter) =>
    submitter || form.querySelector("button:not([type]), button[type=submit]");

  const makeBusy = (form, submitter) => {
    form.dataset.busy = "true";
    const button = buttonOf(form, submitter);
    if (!button || button.getAttribute("aria-busy") === "true") return;
    button.style.minWidth = `${button.offsetWidth}px`;
    button.setAttribute("aria-busy", "true");
    button.idleNodes = [...button.childNodes];
    button.replaceChildren(button.dataset.busyLabel || document.body.dataset.busyLabel);
  };

  const makeIdle = (form) => {
    delete form.dataset.busy;
    for (const button of form.querySelectorAll("[aria-busy=true]")) {
      button.removeAttribute("aria-busy");
      button.replaceChildren(...(button.idleNodes || []));
      button.style.minWidth = "";
    }
  };

  const refuseSecondSubmit = (event) => {
    if (!event.target.dataset.busy) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  };

  // Files that are downloaded leave the page standing: such forms carry data-stays. htmx forms report their own end.
  const markSubmit = (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || form.target || "stays" in form.dataset) return;
    makeBusy(form, event.submitter);
  };

  const markRequest = (event) => {
    const form = event.detail.elt;
    if (form.tagName !== "FORM" || event.detail.requestConfig.verb === "get") return;
    const cause = event.detail.requestConfig.triggeringEvent;
    makeBusy(form, cause && cause.submitter);
  };

  const unmarkRequest = (event) => {
    if (event.detail.elt.tagName === "FORM") makeIdle(event.detail.elt);
  };

  const unmarkAll = () => document.querySelectorAll("form[data-busy]").forEach(makeIdle);

  // --- Toasts

  const dismissLater = (toast) => {
    window.setTimeout(() => {
      if (toast.matches(":hover, :focus-within")) dismissLater(toast);
      else toast.remove();
    }, MESSAGE_STAYS);
  };

  // Errors, and messages with a way on, stay until they are closed.
  const readyToasts = () => {
    for (const toast of document.querySelectorAll(".toast[role=status]:not([data-ready])")) {
      toast.dataset.ready = "true";
      if (!toast.querySelector("a, form")) dismissLater(toast);
    }
  };

  const sayItFailed = () => {
    const pattern = document.getElementById("toast-failed");
    if (pattern) document.getElementById("toasts").append(pattern.content.cloneNode(true));
  };

  // --- One listener for small things: close a toast, print, leave an open menu

  const closeMenus = (except) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) if (menu !== except) menu.open = false;
  };

  const onClick = (event) => {
    closeMenus(event.target.closest("details.menu"));
    if (event.target.closest("[data-close]")) event.target.closest(".toast").remove();
    if (event.target.closest("[data-print]")) window.print();
  };

  const onKey = (event) => {
    const menu = event.key === "Escape" && event.target.closest("details.menu[open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  };

  // --- The rail's tabs scroll sideways on phones: the current one is in the middle

  const showCurrentTab = () => {
    const tab = document.querySelector(".rail > .nav [aria-current]");
    if (tab) tab.parentElement.scrollLeft = tab.offsetLeft - (tab.parentElement.clientWidth - tab.offsetWidth) / 2;
  };

  // --- htmx sends the token that some form of the page already carries

  const addToken = (event) => {
    const field = document.querySelector("input[name=csrfmiddlewaretoken]");
    if (field && event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = field.value;
  };

  document.addEventListener("submit", refuseSecondSubmit, true);
  document.addEventListener("submit", markSubmit);
  document.addEventListener("click", onClick);
  document.addEventListener("keydown", onKey);
  window.addEventListener("pageshow", unmarkAll);
  document.addEventListener("htmx:configRequest", addToken);
  document.addEventListener("htmx:beforeRequest", markRequest);
  document.addEventListener("htmx:afterRequest", unmarkRequest);
  document.addEventListener("htmx:afterSettle", focusSwapped);
  document.addEventListener("htmx:afterSettle", readyToasts);
  document.addEventListener("htmx:responseError", sayItFailed);
  document.addEventListener("htmx:sendError", sayItFailed);

  showCurrentTab();
  focusErrors();
  readyToasts();
})();
