/** Shows /api/openapi.json: operations, parameters, bodies, answers and data structures. */

import { element, part } from "./markup.js";
import { fill, say, strings } from "./strings.js";

/** @param {any} schema @returns {(string | HTMLElement)[]} the type in words, other structures as links */
function type(schema) {
  if (!schema || !Object.keys(schema).length) return ["any"];
  if (schema.$ref) {
    const name = schema.$ref.split("/").at(-1);
    const link = element("a", "", name);
    link.setAttribute("href", `#schema-${name}`);
    return [link];
  }
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return choices.flatMap((/** @type {any} */ one, /** @type {number} */ index) => (index ? [say("one_of"), ...type(one)] : type(one)));
  if ("const" in schema) return [JSON.stringify(schema.const)];
  if (schema.enum) return [schema.enum.map((/** @type {unknown} */ one) => JSON.stringify(one)).join(" | ")];
  if (schema.type === "array") {
    const [before, after] = strings.list_of.split("{type}");
    return [before, ...type(schema.items), after];
  }
  return [schema.format ? `${schema.type} (${schema.format})` : String(schema.type ?? "object")];
}

/** Limits as they stand in the schema. @param {any} schema */
function limits(schema) {
  const known = ["minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems", "pattern"];
  return known.filter((name) => name in schema).map((name) => `${name} ${schema[name]}`);
}

/** @param {string} name @param {any} schema @param {boolean} required @param {string} description @param {string} [where] */
function field(name, schema, required, description, where) {
  const row = element("div");
  const term = element("dt");
  const facts = [where, say(required ? "required" : "optional")].filter(Boolean).join(" · ");
  term.append(element("code", "", name), element("span", "note", facts));
  const about = element("dd");
  const kind = element("code");
  kind.append(...type(schema));
  about.append(kind);
  const more = limits(schema);
  if (schema.default !== undefined && schema.default !== null) more.push(fill(strings.default, { value: JSON.stringify(schema.default) }));
  if (more.length) about.append(element("span", "note", more.join(" · ")));
  if (description) about.append(element("p", "", description));
  row.append(term, about);
  return row;
}

/** @param {string} title @param {HTMLElement[]} rows */
function fields(title, rows) {
  const list = element("dl", "fields");
  list.append(...rows);
  return [element("h4", "", title), list];
}

/** @param {any} content @returns {any} the schema of a body, whatever its media type */
function bodySchema(content) {
  return Object.values(content ?? {})[0]?.schema;
}

/** @param {string} path @param {string} method @param {any} operation */
function card(path, method, operation) {
  const root = element("article", "card");
  const heading = element("h3");
  heading.id = anchor(method, path);
  heading.append(element("span", "method", method.toUpperCase()), element("code", "", path));
  root.append(heading);
  if (operation.description ?? operation.summary) root.append(element("p", "", operation.description ?? operation.summary));
  const parameters = (operation.parameters ?? []).filter((/** @type {any} */ one) => one.in !== "cookie");
  if (parameters.length) {
    root.append(...fields(say("parameters"), parameters.map((/** @type {any} */ one) =>
      field(one.name, one.schema ?? {}, Boolean(one.required), one.description ?? "", strings.where[one.in] ?? one.in))));
  }
  if (operation.requestBody) {
    const schema = bodySchema(operation.requestBody.content);
    root.append(...fields(say("body"), [
      field(Object.keys(operation.requestBody.content).join(", "), schema ?? {}, Boolean(operation.requestBody.required), ""),
    ]));
  }
  const answers = Object.entries(operation.responses ?? {}).map(([status, answer]) => {
    const row = element("div");
    const term = element("dt");
    term.append(element("code", "", status));
    const about = element("dd");
    const schema = bodySchema(answer.content);
    const kind = element("code");
    kind.append(...(schema ? type(schema) : [say("nothing")]));
    about.append(kind, element("p", "note", answer.description ?? ""));
    row.append(term, about);
    return row;
  });
  root.append(...fields(say("answers"), answers));
  return root;
}

/** @param {string} name @param {any} schema */
function structure(name, schema) {
  const root = element("article", "card");
  const heading = element("h3");
  heading.id = `schema-${name}`;
  heading.append(element("code", "", name));
  root.append(heading);
  if (schema.description) root.append(element("p", "", schema.description));
  const rows = Object.entries(schema.properties ?? {}).map(([key, value]) =>
    field(key, value, (schema.required ?? []).includes(key), value.description ?? ""));
  if (rows.length) root.append(...fields(say("fields"), rows));
  else {
    const kind = element("code");
    kind.append(...type(schema));
    root.append(kind);
  }
  return root;
}

/** @param {string} method @param {string} path */
function anchor(method, path) {
  return `${method}${path.replace(/\W+/g, "-")}`;
}

async function show() {
  const response = await fetch("/api/openapi.json");
  if (!response.ok) throw new Error(String(response.status));
  const description = await response.json();
  const contents = part("contents-list");
  const operations = part("operations");
  for (const [path, methods] of Object.entries(description.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      if (!/^(get|put|post|delete|patch|head|options)$/.test(method)) continue;
      operations.append(card(path, method, operation));
      const link = element("a");
      link.setAttribute("href", `#${anchor(method, path)}`);
      link.append(element("span", "method", method.toUpperCase()), element("code", "", path));
      const item = element("li");
      item.append(link);
      contents.append(item);
    }
  }
  const schemas = part("schemas");
  const known = Object.entries(description.components?.schemas ?? {});
  schemas.append(...known.map(([name, schema]) => structure(name, schema)));
  for (const id of ["contents", "operations"]) part(id).hidden = false;
  schemas.hidden = !known.length;
}

const state = part("state");
try {
  await show();
  state.textContent = "";
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
} catch {
  state.textContent = say("failed");
}
