/**
 * Counts the forms of docs/style.md that we avoid, in comments, documentation and test titles.
 * `--list` prints each place. The count helps to find them; a reviewer judges.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const forms = [
  ['who without a noun', /(?:^|[.;:(]\s+|\b(?:of|for|to|by|with|from|and|that)\s)who (?!is who\b)\w+/gi],
  ['opens with what, who, where or whoever', /^(?:What|Who|Whoever|Whose|Where|Of|Told|So) (?!to\b|if\b)\w+/g],
  [
    'behind for after',
    /\bbehind (?!a proxy|Envoy|the proxy|proxies|nginx|the gateway|TLS|one (?:manager|address))\w+/gi,
  ],
  ['is ended, is told, is asked', /\b(?:is|are|was|were|be) (?:ended|told|asked|said|heard)\b/gi],
  [
    'where for if',
    /\bwhere (?:it|there|they|that|nothing|none|one|no|he|she|this) (?:is|are|was|were|has|have|can)\b/gi,
  ],
  ['so many, so long', /\b(?:for so long|so many\b(?! (?:as|that))|so long\b(?! (?:as|that)))/gi],
  ['of before, by now', /\b(?:of before|by now|just then|just now)\b/gi],
  ['answers for returns', /^Answers\b|\b(?:function|method|it) answers\b/gi],
];
/** Patterns of the prose in a source file: comments and test titles. */
const prose = {
  ts: /\/\*\*?[\s\S]*?\*\/|\/\/.*$|\b(?:test|describe|it)(?:\.\w+(?:\([^)]*\))?)*\(\s*(['"`])[\s\S]*?\1/gm,
  sql: /--.*$/gm,
  proto: /\/\/.*$/gm,
  yaml: /#.*$/gm,
  md: /^(?!```)[\s\S]*$/g,
};
prose.tsx = prose.ts;
prose.mjs = prose.ts;
prose.yml = prose.yaml;

const listed = execFileSync('git', ['ls-files', ...Object.keys(prose).map((end) => `*.${end}`)], { encoding: 'utf8' });
const files = listed
  .split('\n')
  .filter(
    (file) => file !== '' && !/\/gen\/|^proto\/seed|^pnpm-lock|^docs\/style\.md$|^scripts\/prose\.mjs$/.test(file),
  );

/** Returns the sentences of a file without comment markers. */
function sentencesIn(file) {
  const text = readFileSync(file, 'utf8').replace(/```[\s\S]*?```/g, '');
  const pieces = text.match(prose[file.split('.').at(-1)]) ?? [];
  return pieces
    .map((piece) => piece.replace(/^\s*(?:\/\*\*?|\*\/|\*|\/\/|--|#)|\*\/$|^\w[\w.]*\(\s*['"`]/gm, ' '))
    .flatMap((piece) => piece.replace(/\s+/g, ' ').split(/(?<=[.:;])\s+/))
    .map((sentence) => sentence.trim());
}

const found = files.flatMap((file) =>
  sentencesIn(file).flatMap((sentence) =>
    forms.flatMap(([form, pattern]) => Array.from(sentence.matchAll(pattern), () => ({ file, form, sentence }))),
  ),
);
if (process.argv.includes('--list')) {
  for (const { file, form, sentence } of found) process.stdout.write(`${file}: ${form}: ${sentence.slice(0, 140)}\n`);
}
for (const [form] of forms) {
  process.stdout.write(`${form.padEnd(42)} ${found.filter((one) => one.form === form).length}\n`);
}
process.stdout.write(`${'all'.padEnd(42)} ${found.length}\n`);
