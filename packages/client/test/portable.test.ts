import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('../../src', import.meta.url));
const portable = /^(\.\/(?!node\/|cli\/)|\.\.\/|@parley\/contract\/types$|@parley\/runtime\/refusals?$)/;

test('what the SDK imports runs in a browser too', async () => {
  const names = [...(await readdir(source)), ...(await readdir(join(source, 'core'))).map((name) => `core/${name}`)];
  const files = names.filter((name) => name.endsWith('.ts'));
  expect(files.length).toBeGreaterThan(15);
  for (const file of files) {
    const text = await readFile(join(source, file), 'utf8');
    const foreign = [...text.matchAll(/^(?:import|export) (?!type)[^;]*?from '([^']+)'/gm)].filter(
      ([, name]) => !portable.test(name ?? ''),
    );
    expect([file, ...foreign.map(([, name]) => name)]).toEqual([file]);
  }
});
