/**
 * Prepares a fresh clone: packages, compiled TypeScript, the bundles of the services, the command
 * and the page. It needs only Node and npm.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(root, 'node_modules', '.parley-setup');
const web = join(root, 'packages', 'web');

/** Prints one sentence and exits with code 2. */
export function giveUp(sentence) {
  process.stderr.write(`parley: ${sentence}\n`);
  process.exit(2);
}

/** Runs a program in the root folder with inherited stdio. Returns its exit code. */
export function run(command, args, env = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } });
  if (error !== undefined) giveUp(`${command} cannot run: ${error.message}`);
  return status ?? 1;
}

/** Runs the binary of an installed package with Node, without a shell. */
export function runTool(packageName, bin, args, env) {
  return run(process.execPath, [join(root, 'node_modules', packageName, bin), ...args], env);
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19))
    giveUp(`Node ${process.versions.node} is too old. Use Node 20.19 or later.`);
}

const minFiles = 1_024;

/**
 * Checks the limit of open files. A low limit makes the installation or a service fail with an
 * error of Node. Windows has no such limit.
 */
function checkOpenFiles() {
  const allowed = Number(process.report.getReport().userLimits?.open_files.soft);
  if (allowed < minFiles)
    giveUp(
      `A process may open only ${allowed} files here, and Parley needs ${minFiles}. Run \`ulimit -n 4096\`, then start again (if that is refused, raise the hard limit first, for example in /etc/security/limits.conf).`,
    );
}

/** Returns a hash of everything that determines the result of `install`. */
function fingerprint() {
  const hash = createHash('sha256').update(`${process.version} ${process.platform} ${process.arch}`);
  for (const file of ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml'])
    hash.update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

function install(wanted) {
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  process.stdout.write(`parley: installing packages with ${packageManager} (once; a minute or so)\n`);
  const pnpm = ['exec', '--yes', '--', packageManager, 'install', '--frozen-lockfile', '--reporter=append-only'];
  const npm = process.env.npm_execpath;
  const status = npm?.endsWith('.js') ? run(process.execPath, [npm, ...pnpm]) : run('npm', pnpm);
  if (status !== 0)
    giveUp('The packages could not be installed: see the lines above. The usual cause is the network or a proxy.');
  writeFileSync(stamp, wanted);
}

/** Installs the packages of the lock file, unless they are installed. */
export function ensurePackages() {
  checkNode();
  checkOpenFiles();
  const wanted = fingerprint();
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) install(wanted);
}

/** Removes compiled files without a source, so that no outdated test runs. */
function removeStaleOutput(folder) {
  const dist = join(folder, 'dist');
  if (!existsSync(dist)) return;
  for (const name of readdirSync(dist, { recursive: true })) {
    const stem = name.replace(/\.js$/, '');
    const hasSource = ['.ts', '.tsx'].some((end) => existsSync(join(folder, stem + end)));
    if (stem === name || name.startsWith('page') || hasSource) continue;
    for (const end of ['.js', '.js.map', '.d.ts']) rmSync(join(dist, stem + end), { force: true });
  }
}

/** Compiles changed files. */
export function ensureBuild() {
  for (const group of ['packages', 'services']) {
    for (const name of readdirSync(join(root, group))) removeStaleOutput(join(root, group, name));
  }
  if (!existsSync(join(root, 'packages', 'cli', 'dist'))) process.stdout.write('parley: compiling\n');
  if (runTool('typescript', 'bin/tsc', ['-b']) !== 0) giveUp('The source does not compile: see the lines above.');
}

/**
 * Returns a hash of everything that a bundle is made from: the given files, and the code in the
 * given folders. Paths start at the root folder.
 */
function sourcesHash(folders, files) {
  const hash = createHash('sha256');
  const below = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true }).map((name) => join(folder, name)),
  );
  const code = below.filter((path) => /\.(js|css|svg|png|webmanifest)$/.test(path)).sort();
  for (const file of [...code, ...files, 'pnpm-lock.yaml']) hash.update(file).update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

/** Makes a bundle unless it exists and its sources are unchanged. `name` names it in errors. */
function ensureBundle(name, { result, folders, files, command }) {
  const stamp = `${result}.stamp`;
  const wanted = sourcesHash(folders, files);
  if (existsSync(result) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  if (run(process.execPath, command) !== 0) giveUp(`${name} cannot be bundled: see the lines above.`);
  writeFileSync(stamp, wanted);
}

function ensurePage() {
  ensureBundle('The page', {
    result: join(web, 'dist', 'page'),
    folders: [
      'web/src',
      'web/public',
      ...['web', 'client', 'contract', 'runtime'].map((name) => `${name}/dist/src`),
    ].map((folder) => `packages/${folder}`),
    files: ['index.html', 'admin.html', 'vite.config.js'].map((name) => `packages/web/${name}`),
    command: [join(web, 'node_modules', 'vite', 'bin', 'vite.js'), 'build', web, '--logLevel', 'warn'],
  });
}

function ensurePrograms() {
  const libraries = ['cli', 'client', 'contract', 'database', 'fanout', 'rpc', 'runtime', 'service-kit'];
  ensureBundle('The services and the command', {
    result: join(root, 'dist', 'command'),
    folders: [
      ...libraries.map((name) => `packages/${name}/dist/src`),
      ...readdirSync(join(root, 'services')).map((name) => `services/${name}/dist/src`),
    ],
    files: ['scripts/bundle.mjs'],
    command: [join(root, 'scripts', 'bundle.mjs')],
  });
}

/** Installs packages, compiles, and bundles the services, the command and the page. */
export function setUp() {
  ensurePackages();
  ensureBuild();
  ensurePrograms();
  ensurePage();
}
