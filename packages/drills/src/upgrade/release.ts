import { execFile } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { projectFolder } from '@parley/cli';
import type { Secrets } from '@parley/database';

const run = promisify(execFile);
const maxBuffer = 2 ** 26;

/** Migrates a database with the code of a release, and lets the roles log in. */
const preparing = `const { migrate, openRoles } = await import(process.argv[1]);
  await migrate(process.argv[2]);
  await openRoles(process.argv[2], JSON.parse(process.argv[3]));`;

/**
 * Builds the release of a Git revision in a folder below `parent`, unless it is there. Returns the
 * folder. The first build takes minutes.
 * @throws {Error} if there is no such revision, or it does not build
 */
export async function buildRelease(revision: string, parent: string): Promise<string> {
  const git = (...args: string[]) => run('git', args, { cwd: projectFolder, maxBuffer });
  const found = await git('rev-parse', '--verify', `${revision}^{commit}`).catch(() => {
    throw new Error(`There is no revision ${revision} here. Fetch the history first, or choose another --from.`);
  });
  const commit = found.stdout.trim();
  const folder = join(parent, commit);
  const archive = `${folder}.tar`;
  await mkdir(folder, { recursive: true });
  await git('archive', '--output', archive, commit);
  await run('tar', ['-xf', archive, '-C', folder]);
  await rm(archive);
  await run(process.execPath, [join(folder, 'scripts', 'build.mjs')], { cwd: folder, maxBuffer });
  return folder;
}

/** Gives an empty database the schema of a release. */
export async function prepareDatabase(release: string, ownerUrl: string, secrets: Secrets): Promise<void> {
  const module = pathToFileURL(join(release, 'packages', 'database', 'dist', 'src', 'index.js')).href;
  const args = ['--input-type=module', '-e', preparing, module, ownerUrl, JSON.stringify(secrets)];
  await run(process.execPath, args);
}
