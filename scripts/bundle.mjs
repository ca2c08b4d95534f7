/**
 * Bundles each service into `dist/services/<service>.js`, and `parley` and `npm start` into
 * `dist/command/`, because a few files load in half the time of 600. Modules still find the files
 * next to them, such as SQL, because a bundle keeps the original location of each module.
 */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import { build } from 'esbuild';
import { root } from './setup.mjs';

const services = ['user-service', 'channel-service', 'chat-service', 'gateway'];
/** Main modules of the bundles, by folder below `dist` and by name. */
const bundles = {
  services: Object.fromEntries(services.map((name) => [name, `services/${name}/dist/src/main.js`])),
  command: { parley: 'packages/cli/dist/src/main.js', start: 'packages/cli/dist/src/launcher/start.js' },
};

/**
 * Text at the start of each file of a bundle. It defines the folder of the file, and `require` for
 * CommonJS modules in it.
 */
const banner = `import { createRequire as requireOf } from 'node:module';
const require = requireOf(import.meta.url);
const bundleFolder = import.meta.dirname;`;

/**
 * Replaces the location of a module in the bundle with the location of its original file, relative
 * to the bundle.
 */
const keepLocations = {
  name: 'keep-locations',
  setup({ initialOptions: { outdir }, onLoad }) {
    onLoad({ filter: /\.js$/ }, ({ path }) => {
      const file = relative(outdir, path).split(sep).join('/');
      const contents = readFileSync(path, 'utf8')
        .replaceAll('import.meta.url', `new URL('${file}', import.meta.url).href`)
        .replaceAll(/\b__dirname\b/g, `require('node:path').join(bundleFolder, '${dirname(file)}')`);
      return { contents };
    });
  },
};

async function bundle(outdir, mains) {
  const { metafile } = await build({
    entryPoints: Object.entries(mains).map(([out, main]) => ({ in: join(root, main), out })),
    outdir,
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    banner: { js: banner },
    metafile: true,
    plugins: [keepLocations],
    absWorkingDir: root,
    logLevel: 'warning',
  });
  const written = new Set(Object.keys(metafile.outputs).map((path) => basename(path)));
  for (const name of readdirSync(outdir)) if (!written.has(name)) rmSync(join(outdir, name));
}

for (const [folder, mains] of Object.entries(bundles)) await bundle(join(root, 'dist', folder), mains);
