import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('../../src', import.meta.url));
const portable =
  /^(\.\/(?!node\/|cli\/)|\.\.\/|grpc-web$|tus-js-client$|@parley\/contract$|@parley\/runtime\/refusals?$)/;

test('the SDK imports nothing that a browser lacks', async () => {
  const namesIn = async (folder: string) => (await readdir(join(source, folder))).map((name) => join(folder, name));
  const names = (await Promise.all(['.', 'calls', 'core', 'files', 'inbox', 'socket', 'web'].map(namesIn))).flat();
  const files = names.filter((name) => name.endsWith('.ts'));
  expect(files.length).toBeGreaterThan(20);
  for (const file of files) {
    const text = await readFile(join(source, file), 'utf8');
    const foreign = [...text.matchAll(/^(?:import|export) (?!type)[^;]*?from '([^']+)'/gm)].filter(
      ([, name]) => !portable.test(name ?? ''),
    );
    expect([file, ...foreign.map(([, name]) => name)]).toEqual([file]);
  }
});
