import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { systemAccount } from '@parley/database';
import { projectFolder } from './options.js';
import type { ServicePlan } from './plan.js';

const run = promisify(execFile);
const isRoot = process.getuid?.() === 0;

/** Ids of a system user. */
export interface SystemAccount {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Name of the system user of each service. Each service has its own user, so that no service can
 * read the password in the environment of another.
 */
const names: Readonly<Record<ServicePlan['service'], string>> = {
  'user-service': 'parley-user',
  'channel-service': 'parley-manager',
  'chat-service': 'parley-chat',
  gateway: 'parley-gateway',
  envoy: 'parley-envoy',
};

const readable = [
  'PARLEY_TLS_CERT',
  'PARLEY_TLS_KEY',
  'PARLEY_TLS_CA',
  'PARLEY_TLS_CLIENT_CA',
  'PARLEY_WEB_DIR',
  'PARLEY_LISTEN_URL_FILE',
  'PARLEY_REDIS_URL_FILE',
  'PARLEY_S3_SECRET_FILE',
  'PARLEY_PUSH_KEY_FILE',
];

/**
 * Returns a file or folder of the code that an account cannot read, for example because the
 * repository was cloned with a narrow umask. Undefined if there is none.
 */
async function unreadableCode(account: SystemAccount, code: string): Promise<string | undefined> {
  const skipped = ['-ignore_readdir_race', '-name', '.git', '-prune', '-o', '-path', join(code, '.parley'), '-prune'];
  const closed = ['(', '!', '-readable', '-o', '-type', 'd', '!', '-executable', ')'];
  const there = ['-exec', 'test', '-e', '{}', ';', ...closed, '-exec', 'test', '-e', '{}', ';', '-print', '-quit'];
  const found = run('find', [code, ...skipped, '-o', ...closed, ...there], { ...account, cwd: '/' });
  const { stdout, stderr } = await found.catch((failure: { stdout: string; stderr: string }) => failure);
  if (stdout !== '') return stdout.trimEnd();
  // After any other failure, the service must not run as root either.
  return /permission denied/i.test(stderr) ? code : undefined;
}

/**
 * Returns the reason for which an account cannot run Envoy; empty if it can, or if the service is
 * not Envoy. The file may be a script whose interpreter is below /root.
 */
async function unrunnableEnvoy(account: SystemAccount, { ENVOY_BINARY }: NodeJS.ProcessEnv): Promise<string[]> {
  if (ENVOY_BINARY === undefined) return [];
  return run(ENVOY_BINARY, ['--version'], { ...account, cwd: '/' }).then(
    () => [],
    () => [`run ${ENVOY_BINARY}`],
  );
}

/** Returns why an account cannot run a service, or undefined if it can. */
async function missing(
  account: SystemAccount,
  plan: ServicePlan,
  env: NodeJS.ProcessEnv,
  code: string,
): Promise<string | undefined> {
  if (plan.port < 1_024) return `port ${plan.port} is reserved to root`;
  const may = (flag: '-r' | '-w' | '-x', path: string) =>
    run('/bin/sh', ['-c', `test ${flag} "$1"`, 'sh', path], { ...account, cwd: '/' }).then(
      () => true,
      () => false,
    );
  const read = readable.flatMap((name) => (env[name] ? [env[name]] : []));
  const archive = plan.service === 'channel-service' ? env.PARLEY_ARCHIVE_DIR : undefined;
  const needs = [
    ['-x', process.execPath, 'run'] as const,
    ...read.map((path) => ['-r', path, 'read'] as const),
    ...(archive ? [['-w', archive, 'write to'] as const] : []),
  ];
  const found = await Promise.all(
    needs.map(async ([flag, path, what]) => ((await may(flag, path)) ? [] : [`${what} ${path}`])),
  );
  const closed = await unreadableCode(account, code);
  const envoy = await unrunnableEnvoy(account, env);
  const [first] = [...found.flat(), ...(closed === undefined ? [] : [`read ${closed}`]), ...envoy];
  return first === undefined ? undefined : `it cannot ${first}`;
}

/**
 * Returns the system user for a service if this process runs as root. Creates the user if needed.
 * Returns undefined if the service must run as the user of this process; if that is root, prints
 * why.
 */
export async function accountFor(
  plan: ServicePlan,
  env: NodeJS.ProcessEnv,
  print: (line: string) => void,
  code = projectFolder,
): Promise<SystemAccount | undefined> {
  if (!isRoot) return undefined;
  const name = names[plan.service];
  try {
    const account = await systemAccount(name);
    const why = await missing(account, plan, env, code);
    if (why === undefined) return account;
    print(`${plan.name} runs as root instead of ${name}: ${why}`);
  } catch {
    print(`${plan.name} runs as root: there is no user ${name}, and it could not be created`);
  }
  return undefined;
}
