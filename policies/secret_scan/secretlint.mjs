// secretlint over texts from standard input, for policies/secret_scan/library.py.
// In: frames, each a line of JSON {id, size, kept} and then `size` bytes of UTF-8.
// Out: a line of JSON for each thing found, at last {texts: how many were read}.
// Nothing that is said ever holds a part of a text, errors included.
import { createHash } from "node:crypto";

const NEWLINE = 0x0a;
// Comments that switch rules off are a rule: a file could hide what it holds. It is left out here,
// because a preset keeps it though its configuration says "disabled".
const LEFT_OUT = "@secretlint/secretlint-rule-filter-comments";
// The id of a key is found, too; that of an account is no secret.
const SETTINGS = {
  "@secretlint/secretlint-rule-aws": {
    options: { enableIDScanRule: true },
    allowMessageIds: ["AWSAccountID"],
  },
};

async function* frames(input) {
  let pending = Buffer.alloc(0);
  let header = null;
  for await (const chunk of input) {
    pending = pending.length ? Buffer.concat([pending, chunk]) : chunk;
    for (;;) {
      if (header === null) {
        const end = pending.indexOf(NEWLINE);
        if (end < 0) break;
        header = JSON.parse(pending.subarray(0, end).toString("utf8"));
        pending = pending.subarray(end + 1);
      }
      if (pending.length < header.size) break;
      yield { ...header, text: pending.subarray(0, header.size).toString("utf8") };
      pending = pending.subarray(header.size);
      header = null;
    }
  }
  if (header !== null || pending.length) throw new RangeError();
}

function told({ id, text, kept }, { ruleId, messageId, range: [begin, end] }) {
  if (begin >= kept) return null;
  const kind = `${ruleId.replace("@secretlint/secretlint-rule-", "")}/${messageId}`;
  const line = text.slice(0, begin).split("\n").length;
  const digest = createHash("sha256").update(text.slice(begin, end), "utf8").digest("hex");
  return { id, line, kind, digest };
}

async function main() {
  const { lintSource } = await import("@secretlint/core");
  const preset = await import("@secretlint/secretlint-rule-preset-recommend");
  const rules = preset.rules
    .filter(({ meta }) => meta.id !== LEFT_OUT)
    .map((rule) => ({ id: rule.meta.id, rule, options: {}, ...SETTINGS[rule.meta.id] }));
  const options = { config: { rules }, noPhysicFilePath: true, maskSecrets: true };
  let texts = 0;
  for await (const frame of frames(process.stdin)) {
    // As JSON: Google's keys are looked for in nothing else.
    const source = { content: frame.text, filePath: "text.json", ext: ".json", contentType: "text" };
    const { messages } = await lintSource({ source, options });
    for (const message of messages) {
      const found = told(frame, message);
      if (found) process.stdout.write(`${JSON.stringify(found)}\n`);
    }
    texts += 1;
  }
  process.stdout.write(`${JSON.stringify({ texts })}\n`);
}

main().catch((error) => {
  process.stderr.write(`${error.code ?? error.name}\n`);
  process.exitCode = 3;
});
