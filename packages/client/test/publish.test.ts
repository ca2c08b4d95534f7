import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Manifest {
  readonly name: string;
  readonly private?: true;
  readonly license?: string;
  readonly description?: string;
  readonly engines?: { readonly node: string };
  readonly files?: readonly string[];
  readonly exports: Readonly<Record<string, { readonly types: string; readonly default: string }>>;
  readonly publishConfig?: Partial<Pick<Manifest, 'exports'>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}

const packages = fileURLToPath(new URL('../../../', import.meta.url));
/** The SDK and everything of this workspace that it needs. */
const published = ['contract', 'runtime', 'rpc', 'client'];

const manifestOf = (folder: string) =>
  JSON.parse(readFileSync(join(packages, folder, 'package.json'), 'utf8')) as Manifest;

/** Returns the names of the packages that the sources import. */
function importsOf(folder: string): string[] {
  const source = join(packages, folder, 'src');
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' });
  const texts = files
    .filter((name) => /(?<!\.test)\.ts$/.test(name))
    .map((name) => readFileSync(join(source, name), 'utf8'));
  const names = texts.flatMap((text) => Array.from(text.matchAll(/\bfrom '([^.'][^']*)'/g), ([, name = '']) => name));
  return [...new Set(names.map((name) => /^(?:@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? name))];
}

test.each(published)('%s can be published: it has a licence, engines, files, types, and every dependency', (folder) => {
  const manifest = manifestOf(folder);
  expect(manifest).toMatchObject({ license: 'MIT', engines: { node: '>=20.19' }, description: expect.any(String) });
  expect(manifest.private).toBeUndefined();
  expect(manifest.files).toEqual(['dist/src', 'src', '!**/*.test.*']);
  expect(existsSync(join(packages, folder, 'README.md'))).toBe(true);
  for (const { types, default: code } of Object.values(manifest.publishConfig?.exports ?? manifest.exports)) {
    expect([types, code]).toEqual([code.replace(/\.js$/, '.d.ts'), expect.stringMatching(/^\.\/dist\/src\//)]);
    for (const file of [types, code]) expect([file, existsSync(join(packages, folder, file))]).toEqual([file, true]);
  }
  const dependencies = Object.keys(manifest.dependencies ?? {});
  const known = new Set([...builtinModules.map((name) => `node:${name}`), ...dependencies, manifest.name]);
  expect(importsOf(folder).filter((name) => !known.has(name))).toEqual([]);
  const own = dependencies.filter((name) => name.startsWith('@parley/'));
  expect(own.filter((name) => !published.includes(name.slice('@parley/'.length)))).toEqual([]);
});
