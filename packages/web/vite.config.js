import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { minify } from '@swc/core';
import { gemoji } from 'gemoji';
import { build, defineConfig } from 'vite';

const outDir = 'dist/page';
const target = 'es2022';

/** Returns the SHA-256 hash of each file of the built page by its path, for Subresource Integrity. */
function hashesOf(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const hashOf = (file) => `sha256-${createHash('sha256').update(readFileSync(file)).digest('base64')}`;
  const paths = files.map(({ parentPath, name }) => join(parentPath, name)).sort();
  const pathOf = (file) =>
    `/${relative(folder, file)
      .split(sep)
      .join('/')
      .replace(/^index\.html$/, '')}`;
  return Object.fromEntries(paths.map((file) => [pathOf(file), hashOf(file)]));
}

/** Bundles the service worker beside the page, with the list of the files that it stores. */
const serviceWorker = {
  name: 'service-worker',
  async closeBundle() {
    const pageFiles = JSON.stringify(hashesOf(join(import.meta.dirname, outDir)));
    const pageVersion = JSON.stringify(createHash('sha256').update(pageFiles).digest('hex').slice(0, 16));
    const output = { format: 'iife', entryFileNames: 'worker.js' };
    const rollupOptions = { input: join(import.meta.dirname, 'dist/src/worker/worker.js'), output };
    await build({
      ...{ configFile: false, root: import.meta.dirname, publicDir: false, logLevel: 'warn' },
      define: { pageFiles, pageVersion },
      build: { outDir, emptyOutDir: false, target, modulePreload: { polyfill: false }, rollupOptions },
    });
  },
};

/** Returns a plugin that leaves `unused` out of the files at `path`. It fails if a file has none of it. */
function without(name, path, unused, replacement = '') {
  return {
    name,
    transform(code, id) {
      if (!path.test(id)) return undefined;
      const lean = code.replace(unused, replacement);
      if (lean === code) this.error(`${id} has nothing to leave out`);
      return { code: lean, map: null };
    },
  };
}

/**
 * The page speaks only the binary form of the generated messages, and makes none by `create`. A
 * bundler cannot see that methods of an object are never called.
 */
const binaryOnly = without(
  'binary-only',
  /\/contract\/dist\/src\/gen\/chat\/.*\.js$/,
  /^ {4}(?:fromJSON|toJSON|create)\(\w+\) \{\n[\s\S]*?^ {4}\},\n/gm,
);

/**
 * The page only sends requests, and only receives responses. A request is decoded from no bytes at
 * most, to name a field that cannot be encoded.
 */
const oneWay = without(
  'one-way',
  /\/contract\/dist\/src\/gen\/chat\/v1\/(?:user|channel|inbox)\.js$/,
  /^export const (\w+)(Request|Command|Response|Event) = \{\n[\s\S]*?^\};\n/gm,
  (message, name, kind) => {
    const unused = { Response: 'encode|fromPartial', Event: 'encode' }[kind] ?? 'decode';
    const method = new RegExp(`^ {4}(?:${unused})\\(.*\\) \\{\\n[\\s\\S]*?^ {4}\\},\\n`, 'gm');
    return message.replace(method, unused === 'decode' ? `    decode: createBase${name}${kind},\n` : '');
  },
);

/** The page manages no webhooks, so it needs neither their calls nor their messages. */
const withoutWebhooks = without(
  'without-webhooks',
  /\/client\/dist\/src\/(?:parley-client|calls\/methods)\.js$/,
  /^ +(?:this\.webhooks = |\w+(?:Webhook|DeadLetters)\w*: ).*\n/gm,
);

/** The page lists the commands of bots, and does nothing else with bots. */
const onlyCommands = without(
  'only-commands',
  /\/client\/dist\/src\/calls\/(?:bots|methods)\.js$/,
  /^ {4}(?:\w+Bots?|setBotCommands): .*\n|^ {4}(?:async )?(?:create|list|revoke|setCommands)\(.*\) \{\n[\s\S]*?^ {4}\}\n/gm,
);

/** Calls for which the page has no button. */
const withoutUnusedCalls = without(
  'without-unused-calls',
  /\/client\/dist\/src\/calls\/(?:account|members|sessions)\.js$/,
  /^ {4}(?:async )?(?:changeEmail|transfer|mute|ban|endAll)\(.*\) \{\n[\s\S]*?^ {4}\}\n/gm,
);

/** The page shows the text that came with a refusal or its own, so it needs none for each reason. */
const refusalsWithoutTexts = without(
  'refusals-without-texts',
  /\/runtime\/dist\/src\/refusals\.js$/,
  /(row\('\w+', \d+, )(?:'[^'\n]*'|"[^"\n]*")/g,
  "$1''",
);

/** Minifies the page to less than esbuild does. */
const minified = {
  name: 'minified',
  renderChunk: {
    order: 'post',
    handler: (code) => minify(code, { module: true, compress: { ecma: 2020, passes: 2 }, mangle: true }),
  },
};

const rules = [
  ...['table', 'code', 'hr', 'html_block', 'reference', 'heading', 'lheading'],
  ...['linkify', 'replacements', 'smartquotes', 'image', 'autolink', 'html_inline', 'entity'],
].join('|');

/** Leaves out the rules of markdown-it that `state/markdown.ts` does not enable, and how links are normalized. */
const enabledRules = without(
  'enabled-rules',
  /\/markdown-it\.mjs$/,
  new RegExp(
    `^\\t\\[(?:"(?:${rules})",.*\\]|\\n\\t\\t"(?:${rules})",\\n[\\s\\S]*?\\n\\t\\]),?\\n|` +
      '^\\tnormalizeLink(?:Text)?\\(url\\) \\{\\n[\\s\\S]*?^\\t\\}\\n',
    'gm',
  ),
);

/** The page makes elements from the tokens of markdown-it, and no HTML. */
const tokensOnly = without(
  'tokens-only',
  /\/markdown-it\.mjs$/,
  new RegExp(
    '^default_rules\\.\\w+ = function\\(.*\\) \\{\\n[\\s\\S]*?^\\};\\n|' +
      '(?<=^var Renderer = class \\{\\n)[\\s\\S]*?(?=^\\};\\n)|' +
      '^\\t(?:attrSet|attrJoin|at|before|after|use|parseInline|render|renderInline)\\(.*\\) \\{\\n[\\s\\S]*?^\\t\\}\\n',
    'gm',
  ),
);

/** No message has numbers of these types. */
const usedNumbers = without(
  'used-numbers',
  /\/protobuf\/dist\/esm\/wire\/binary-encoding\.js$/,
  /^ {4}(?:double|s?fixed32|sint32|s?fixed64|s?int64)\(.*\) \{\n[\s\S]*?^ {4}\}\n/gm,
);

/** No element of the page has attributes of SVG with a hyphen. */
const plainAttributes = without(
  'plain-attributes',
  /\/react-dom-client\.production\.js$/,
  /(?<=\["crossOrigin", "crossorigin"\]),\n {4}\["accentHeight"[\s\S]*?(?=\n {2}\]\))/,
);

const clientOfReact = /\/react-dom-client\.production\.js$/;

/** The page renders nothing on a server, has no files that React loads, and runs in browsers that name their keys. */
const leanReact = [
  without('no-preloads', clientOfReact, /(?<=\n {2}r: requestFormReset),\n {2}D: [\s\S]*?(?=\n\};)/),
  without('no-hydration', clientOfReact, /^exports\.hydrateRoot = function [\s\S]*?^\};\n/m),
  without('named-keys', clientOfReact, /(?<=\b(?:normalizeKey|translateToKey) = \{)[^}]*/g),
  without(
    'no-loading',
    /\/react-dom\.production\.js$/,
    /^exports\.(?:preconnect|prefetchDNS|preinit|preinitModule|preload|preloadModule) = function [\s\S]*?^\};\n/gm,
  ),
];

/** Leaves out of tus what `UserFiles` does not use: one upload in several parts, and its end. */
const oneUpload = without(
  'one-upload',
  /\/tus-js-client\/lib\/upload\.js$/,
  /^ {2}(?:_startParallelUpload\(\)|static terminate\(url, options = \{\}\)) \{\n[\s\S]*?^ {2}\}\n/gm,
);

const parts = join(import.meta.dirname, 'library-parts.js');
const partly = ['entities', 'uc.micro', 'mdurl', 'linkify-it', 'punycode.js', 'js-base64', 'url-parse'];
const alias = {
  ...Object.fromEntries(partly.map((library) => [library, parts])),
  'tus-js-client': 'tus-js-client/lib/browser/index.js', // written for today's browsers
};

/** Leaves out of the emoji data what the page does not use, and packs the rest in columns, which compress best. */
const leanEmoji = {
  name: 'lean-emoji',
  transform(_code, id) {
    if (!/\/gemoji\/index\.js$/.test(id)) return undefined;
    const categories = [...new Set(gemoji.map(({ category }) => category))];
    const columnOf = (value) => JSON.stringify(gemoji.map(value).join('\n'));
    return `const categories = ${JSON.stringify(categories)};
      const list = (words) => words.split(',');
      const emoji = ${columnOf((one) => one.emoji)}.split('\\n');
      const words = ${columnOf(({ names, tags }) => `${names}|${tags}`.replace(/\|$/, ''))}.split('\\n');
      const numbers = ${columnOf(({ category }) => categories.indexOf(category))}.split('\\n');
      export const gemoji = emoji.map((one, at) => {
        const [names, tags] = words[at].split('|').map(list);
        return { emoji: one, names, tags: tags ?? [], category: categories[numbers[at]] };
      });`;
  },
};

const lean = [
  binaryOnly,
  oneWay,
  withoutWebhooks,
  onlyCommands,
  withoutUnusedCalls,
  enabledRules,
  tokensOnly,
  usedNumbers,
  plainAttributes,
  ...leanReact,
  oneUpload,
  refusalsWithoutTexts,
  leanEmoji,
  minified,
];
const buildOptions = {
  target,
  assetsInlineLimit: 0,
  modulePreload: { polyfill: false },
  chunkSizeWarningLimit: 1_000, // A test bounds the compressed size.
};

/** Bundles the admin page into a folder of its own, because the gateway serves it on another port. */
const adminPage = {
  name: 'admin-page',
  async closeBundle() {
    await build({
      ...{ configFile: false, root: import.meta.dirname, publicDir: false, logLevel: 'warn' },
      ...{ plugins: lean, resolve: { alias } },
      build: {
        ...buildOptions,
        outDir: 'dist/page-admin',
        rollupOptions: { input: join(import.meta.dirname, 'admin.html') },
      },
    });
  },
};

/** Bundles the output of `tsc -b`, so that tests cover the code that is served. */
export default defineConfig({
  plugins: [...lean, serviceWorker, adminPage],
  resolve: { alias },
  build: { ...buildOptions, outDir },
  server: { proxy: { '^/chat\\.v1\\.': 'http://127.0.0.1:8080' } },
});
