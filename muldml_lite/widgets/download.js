// What a view can give to take home: its picture and its numbers, made in the browser, on demand.

const DOWNLOADS = {
  png: { label: "Picture (PNG)", type: "image/png" },
  svg: { label: "Picture (SVG)", type: "image/svg+xml" },
  csv: { label: "Numbers (CSV)", type: "text/csv" },
};

// makers: { png: () => canvas | Blob, svg: () => text, csv: () => text }, any of them, each may be async.
// `name` is the file's name without its ending, or a function that gives it when it is asked for.
function downloadMenu(name, makers) {
  const said = make("p", { role: "status" });
  const list = make("div", { className: "choices", role: "group", ariaLabel: "Download" });
  const menu = make("details", { className: "downloads" }, make("summary", { title: "Download picture or numbers" }, "Download"), list);
  for (const [kind, { label }] of Object.entries(DOWNLOADS)) {
    if (!makers[kind]) continue;
    const button = make("button", { type: "button" }, label);
    button.onclick = async () => {
      try {
        saveFile(fileName(name, kind), await blobOf(kind, await makers[kind]()));
        said.textContent = "";
        close(true);
      } catch (error) {
        said.textContent = `This could not be made: ${error.message}`;
      }
    };
    list.append(button);
  }
  list.append(said);
  const outside = (event) => event.composedPath().includes(menu) || close(false);
  const close = (focus) => {
    menu.open = false;
    if (focus) menu.firstChild.focus();
  };
  // Only an open menu listens to the page around it.
  menu.addEventListener("toggle", () =>
    document[menu.open ? "addEventListener" : "removeEventListener"]("pointerdown", outside, true));
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    event.stopPropagation();
    close(true);
  });
  return menu;
}

async function blobOf(kind, made) {
  if (made instanceof Blob) return made;
  if (typeof made === "string") return new Blob([made], { type: `${DOWNLOADS[kind].type};charset=utf-8` });
  const blob = await new Promise((done) => made.toBlob(done, "image/png"));
  if (!blob) throw new Error("the picture is too large for this browser");
  return blob;
}

function fileName(name, kind) {
  const plain = (typeof name === "function" ? name() : name).normalize("NFKD").replace(/[^\w.-]+/g, "-");
  return `${plain.replace(/^[-.]+|[-.]+$/g, "") || "muldml"}.${kind}`;
}

function saveFile(name, blob) {
  const url = URL.createObjectURL(blob);
  const link = make("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

// Columns of equal length, by name, as text with one line a row; what contains a comma, quote or line end is quoted.
function csvText(columns) {
  const cell = (value) => {
    const formula = typeof value === "string" && /^[=+\-@\t\r]/.test(value) && Number.isNaN(Number(value));
    const text = value == null ? "" : formula ? `'${value}` : String(value); // no spreadsheet computes a text
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const names = Object.keys(columns);
  const rows = Array.from(columns[names[0]] ?? [], (_, i) => names.map((name) => cell(columns[name][i])).join(","));
  return [names.map(cell).join(","), ...rows, ""].join("\n");
}
