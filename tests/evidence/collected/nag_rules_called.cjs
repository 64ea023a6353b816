// Calls every rule of cdk-nag, as `node nag_rules_called.cjs LIB TYPE...`, and prints whom each
// asks and what it answers. The CDK is replaced: `instanceof` needs classes, whatever they do.
"use strict";
const fs = require("fs");
const Module = require("module");
const path = require("path");

const [lib, ...types] = process.argv.slice(2);
const TRIES = 300;
const NOT_APPLICABLE = "N/A";
const OTHER_TYPE = "Custom::Nothing";
const classes = new Map();

function classNamed(name) {
  if (!classes.has(name)) classes.set(name, class {});
  return classes.get(name);
}

const stack = { resolve: (value) => value, node: { findAll: () => [] } };
const load = Module._load;
Module._load = function (request, ...rest) {
  if (request !== "aws-cdk-lib" && !request.startsWith("aws-cdk-lib/")) {
    return load.call(this, request, ...rest);
  }
  const module = request.replaceAll("/", ".").replaceAll("aws-", "aws_").replace("aws_cdk", "aws-cdk");
  const member = (_, name) =>
    name === "Stack" ? { of: () => stack } : classNamed(`${module}.${String(name)}`);
  return new Proxy({}, { get: member });
};

function answer(rule, node) {
  try {
    const said = rule(node);
    return Array.isArray(said) ? "findings" : String(said);
  } catch {
    return "threw";
  }
}

// A rule that looks at any property of it has taken it for one of its own.
function untouchable(base, type) {
  const look = (_, key) => {
    if (key === "cfnResourceType") return type;
    throw new Error("asked");
  };
  return new Proxy(Object.create(base.prototype), { get: look });
}

function asks(rule, base, type) {
  return answer(rule, untouchable(base, type)) !== NOT_APPLICABLE;
}

function hash(text) {
  let value = 2166136261;
  for (const char of text) value = Math.imul(value ^ char.charCodeAt(0), 16777619);
  value = Math.imul(value ^ (value >>> 15), 2246822507);
  return (value ^ (value >>> 13)) >>> 0;
}

const PLAIN = [
  undefined, undefined, true, false, 0, 3, 22, 443, "", "x", "*", "Allow", "aurora-postgresql",
  "postgres", "python3.12", "provided.al2", "OPTIONS", "0.0.0.0/0",
];

// The same seed and place give the same value.
function made(seed, place, depth) {
  const drawn = hash(`${seed} ${place}`);
  const kind = depth > 4 ? 0 : drawn % 8;
  if (kind < 5) return PLAIN[(drawn >>> 3) % PLAIN.length];
  if (kind === 5) return [];
  if (kind === 6) return [made(seed, `${place}.0`, depth + 1), made(seed, `${place}.1`, depth + 1)];
  return withProperties({}, seed, place, depth + 1);
}

function withProperties(target, seed, place, depth, type) {
  const look = (_, key) => {
    if (typeof key === "symbol") return undefined;
    if (key === "cfnResourceType") return type;
    return made(seed, `${place}.${key}`, depth);
  };
  return new Proxy(target, { get: look });
}

function answers(rule, base, type, found) {
  for (let seed = 0; seed < TRIES; seed += 1) {
    const target = Object.create(base.prototype);
    found.add(answer(rule, withProperties(target, seed, "node", 0, type)));
  }
}

class Nobody {}
const rules = {};
for (const service of fs.readdirSync(path.join(lib, "rules"))) {
  const folder = path.join(lib, "rules", service);
  if (!fs.statSync(folder).isDirectory()) continue;
  for (const file of fs.readdirSync(folder)) {
    if (!file.endsWith(".js") || file === "index.js") continue;
    rules[`lib/rules/${service}/${file}`] = require(path.join(folder, file)).default;
  }
}
// Asked of nobody they know, rules go through all their tests, and so name all their classes.
const ofNobody = Object.keys(rules).filter((name) => asks(rules[name], Nobody, OTHER_TYPE));
const known = [...classes.keys()];
const told = {};
for (const [name, rule] of Object.entries(rules)) {
  const found = new Set();
  const asked = known.filter((class_) => asks(rule, classNamed(class_), OTHER_TYPE));
  const askedTypes = types.filter((type) => asks(rule, Nobody, type));
  for (const class_ of asked) answers(rule, classNamed(class_), OTHER_TYPE, found);
  for (const type of askedTypes) answers(rule, Nobody, type, found);
  told[name] = { classes: asked, types: askedTypes, answers: [...found].sort() };
}
process.stdout.write(JSON.stringify({ ofNobody, known, told }));
