"""What every page has at its top: the lesson, the words, a link to exactly this view, and the first steps."""

from __future__ import annotations

import glossary
import guide
import lesson
import streamlit as st
import warm

STYLE = """<style>
[class*="st-key-page_tools"]{margin-top:-.5rem;min-height:2.5rem}
/* Beside the title where there is room; a lesson's name needs the room itself. */
@media(min-width:1100px){.st-key-page_tools{margin:-.4rem 0 -4.1rem;position:relative;z-index:5;pointer-events:none}
 .st-key-page_tools>*{pointer-events:auto}}
/* Chosen options: Streamlit's white on the dark theme's light green cannot be read. */
[data-tag]{background:transparent!important;border:1px solid currentColor!important}
[data-tag],[data-tag] *{color:inherit!important}
</style>"""

_copy_link = st.components.v2.component(
    "muldml_copy_link",
    html="""<button type="button"><svg width="17" height="17" viewBox="0 0 24 24" aria-hidden="true" fill="none"
 stroke="currentColor" stroke-width="2" stroke-linecap="round">
<path d="M10 14a5 5 0 0 0 7.1 0l3-3A5 5 0 0 0 13 4l-1 1M14 10a5 5 0 0 0-7.1 0l-3 3A5 5 0 0 0 11 20l1-1"/></svg>
<span>Copy link to this view</span></button>
<input readonly hidden aria-label="Link to this view"><span role="status"></span>""",
    css=""":host{display:block}button{display:inline-flex;gap:6px;align-items:center;font:inherit;
 font-size:.875rem;font-family:var(--st-font);color:var(--st-text-color);background:none;border:0;padding:6px 4px;
 min-height:40px;
 cursor:pointer;border-radius:6px;white-space:nowrap}
button:hover{color:var(--st-primary-color)}button:focus-visible{outline:2px solid var(--st-primary-color)}
input{font:inherit;width:16rem}[role=status]{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}""",
    js="""export default function ({ parentElement, data }) {
  const [button, field, status] = ["button", "input", "[role=status]"].map((s) => parentElement.querySelector(s));
  const home = document.querySelector("script[type=module][src]");
  if (data.soon.length && home && !window.muldmlSoon) {
    window.muldmlSoon = true;
    const places = data.soon.map((name) => new URL(name, home.src).href);
    for (const href of places) {
      document.head.append(Object.assign(document.createElement("link"), { rel: "modulepreload", href }));
    }
    // To run them takes up to a second of the browser's time: only while nobody's hand moves and no page is on its way.
    const quiet = matchMedia("(pointer: fine)").matches ? 400 : 4000; // a phone takes several times as long
    let moved = performance.now();
    const note = () => { moved = performance.now(); };
    const hands = ["pointermove", "pointerdown", "wheel", "touchmove", "keydown"];
    for (const hand of hands) addEventListener(hand, note, { capture: true, passive: true });
    const clock = setInterval(() => {
      const busy = document.querySelector("[data-test-script-state=running]");
      if (busy) note();
      if (performance.now() - moved < quiet) return;
      const next = places.shift();
      if (next) import(next).catch(() => {}); // the page that needs it will say what is wrong
      if (places.length) return;
      clearInterval(clock);
      for (const hand of hands) removeEventListener(hand, note, { capture: true });
    }, 200);
  }
  const label = button.querySelector("span");
  button.onclick = async () => {
    field.value = location.href;
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      // Without a secure context there is no clipboard: the link is shown, marked, to be copied by hand.
      field.hidden = false;
      field.select();
      return;
    }
    label.textContent = status.textContent = "Link copied";
    setTimeout(() => { label.textContent = "Copy link to this view"; status.textContent = ""; }, 2500);
  };
}""",
)


def show_header() -> None:
    here = lesson.current()
    with st.container(
        key="page_tools" if here is None else "page_tools_lesson",
        horizontal=True,
        horizontal_alignment="right",
        vertical_alignment="center",
        gap="small",
    ):
        if here is not None:
            st.markdown(f"**Lesson {here.number}**: {here.title}", width="content")
            st.button("Show everything", key="leave_lesson", type="tertiary", on_click=lesson.leave)
        elif guide.place() == guide.OFF:
            st.button("First steps", key="guide_open", type="tertiary", on_click=guide.restart)
        with st.container(width="content"):
            glossary.words()
        with st.container(width="content"):
            _copy_link(data={"soon": warm.large_chunks()}, key="copy_link")
