// ndb in VS Code: starts `ndb dap` for debug sessions of type ndb, shows values inline, and
// asks the two questions that only a debugger with a past can answer.
"use strict";
const vscode = require("vscode");

/** How a session's adapter is started: one process a session, over stdio. */
class AdapterFactory {
  createDebugAdapterDescriptor() {
    const path = vscode.workspace.getConfiguration("ndb").get("path") || "ndb";
    return new vscode.DebugAdapterExecutable(path, ["dap"]);
  }
}

/** Fills in what a configuration leaves out; F5 in a Python file needs none at all. */
class ConfigurationProvider {
  resolveDebugConfiguration(folder, config) {
    if (!config.type && !config.request && !config.name) {
      const editor = vscode.window.activeTextEditor;
      if (!editor || editor.document.languageId !== "python") return undefined;
      config = { type: "ndb", request: "launch", name: "ndb: current file", program: "${file}" };
    }
    if (!config.program && !config.module && !config.trace) {
      return vscode.window.showErrorMessage("ndb: name a program, a module or a trace in the launch configuration.").then(() => undefined);
    }
    if (!config.cwd && folder) config.cwd = folder.uri.fsPath;
    return config;
  }

  provideDebugConfigurations() {
    return [{ type: "ndb", request: "launch", name: "ndb: current file", program: "${file}" }];
  }
}

/** Values beside the lines of the function that stands: names in lines that have run. */
class InlineValues {
  provideInlineValues(document, viewPort, context) {
    const values = [];
    const last = Math.min(context.stoppedLocation.end.line, viewPort.end.line);
    let indent = document.lineAt(context.stoppedLocation.start.line).firstNonWhitespaceCharacterIndex;
    for (let n = last; n >= viewPort.start.line; n--) {
      const line = document.lineAt(n);
      const text = line.text.replace(/#.*$/, "").replace(/(["'])(?:\\.|(?!\1).)*\1/g, (s) => " ".repeat(s.length));
      const seen = new Set();
      for (const m of text.matchAll(/(?<![\w.])[A-Za-z_]\w*(?!\s*\()/g)) {
        if (seen.has(m[0]) || keywords.has(m[0])) continue;
        seen.add(m[0]);
        const range = new vscode.Range(n, m.index, n, m.index + m[0].length);
        values.push(new vscode.InlineValueVariableLookup(range, m[0], true));
      }
      if (!line.isEmptyOrWhitespace && line.firstNonWhitespaceCharacterIndex < indent && /^\s*(async\s+def|def|class)\b/.test(line.text)) break;
    }
    return values;
  }
}

const keywords = new Set(
  ("False None True and as assert async await break class continue def del elif else except finally for from global if import in is " +
    "lambda nonlocal not or pass raise return try while with yield").split(" "));

function session() {
  const s = vscode.debug.activeDebugSession;
  return s && s.type === "ndb" ? s : undefined;
}

/** Asks who changed a variable last, and offers to go there. */
async function whoChanged(context) {
  const s = session();
  const frame = vscode.debug.activeStackItem && vscode.debug.activeStackItem.frameId;
  const name = context && context.variable && context.variable.name;
  if (!s || !name || frame === undefined) return;
  try {
    const c = await s.customRequest("ndb/lastChange", { frameId: frame, name });
    if (!c.found) throw new Error(`${name} has not been bound here`);
    const before = c.oldValue === undefined ? "" : `, was ${c.oldValue}`;
    await offer(s, `${name} = ${c.value}${before}` + (c.line ? `, by line ${c.line}` : ", from the call"), c.by >= 0 ? c.by : c.seq);
  } catch (e) {
    vscode.window.showInformationMessage(`ndb: ${e.message || e}`);
  }
}

/** Asks when the line of the cursor last ran, and offers to go there. */
async function lastRun() {
  const s = session();
  const editor = vscode.window.activeTextEditor;
  if (!s || !editor) return;
  const line = editor.selection.active.line + 1;
  try {
    const r = await s.customRequest("ndb/lastRun", { source: { path: editor.document.uri.fsPath }, line });
    if (!r.found) throw new Error(`line ${line} has not run before`);
    await offer(s, `Line ${line} last ran at event ${r.seq}`, r.seq);
  } catch (e) {
    vscode.window.showInformationMessage(`ndb: ${e.message || e}`);
  }
}

async function offer(s, text, seq) {
  if ((await vscode.window.showInformationMessage(text, "Go There")) === "Go There") {
    await s.customRequest("ndb/seek", { seq });
  }
}

exports.activate = function (context) {
  context.subscriptions.push(
    vscode.debug.registerDebugAdapterDescriptorFactory("ndb", new AdapterFactory()),
    vscode.debug.registerDebugConfigurationProvider("ndb", new ConfigurationProvider()),
    vscode.languages.registerInlineValuesProvider("python", new InlineValues()),
    vscode.commands.registerCommand("ndb.whoChanged", whoChanged),
    vscode.commands.registerCommand("ndb.lastRun", lastRun));
};

exports.deactivate = function () {};
