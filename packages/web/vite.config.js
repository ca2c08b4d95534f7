import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
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

/**
 * Leaves out the JSON forms of the generated messages. The page speaks only the binary form, and a
 * bundler cannot see that methods of an object are never called.
 */
const binaryOnly = {
  name: 'binary-only',
  transform(code, id) {
    if (!/\/contract\/dist\/src\/gen\/.*\.js$/.test(id)) return undefined;
    return { code: code.replace(/^ {4}(?:from|to)JSON\(\w+\) \{\n[\s\S]*?^ {4}\},\n/gm, ''), map: null };
  },
};

const parts = join(import.meta.dirname, 'markdown-parts.js');

/** Leaves out of the emoji data what the page does not use, and packs the rest in lines. */
const leanEmoji = {
  name: 'lean-emoji',
  transform(_code, id) {
    if (!/\/gemoji\/index\.js$/.test(id)) return undefined;
    const categories = [...new Set(gemoji.map(({ category }) => category))];
    const rows = gemoji.map(({ emoji, names, tags, category }) =>
      [emoji, names.join(), tags.join(), categories.indexOf(category)].join('\t'),
    );
    return `const categories = ${JSON.stringify(categories)};
      const list = (words) => (words === '' ? [] : words.split(','));
      export const gemoji = ${JSON.stringify(rows.join('\n'))}.split('\\n').map((row) => {
        const [emoji, names, tags, category] = row.split('\\t');
        return { emoji, names: list(names), tags: list(tags), category: categories[category] };
      });`;
  },
};

/** Bundles the output of `tsc -b`, so that tests cover the code that is served. */
export default defineConfig({
  plugins: [binaryOnly, leanEmoji, serviceWorker],
  resolve: { alias: { entities: parts, 'linkify-it': parts, 'punycode.js': parts } },
  build: { outDir, target, assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: { proxy: { '^/chat\\.v1\\.': 'http://127.0.0.1:8080' } },
});
