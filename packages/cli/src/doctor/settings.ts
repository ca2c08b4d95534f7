import { X509Certificate } from 'node:crypto';
import { readSettings, type Settings, SettingsError } from '@parley/runtime';
import { Proxies, readTlsFiles, secretNames, secretOrFile, type TlsFiles } from '@parley/service-kit';
import { errorText } from '../failure.js';
import { asFault, type Check, type Finding, fault, skipped, works } from './check.js';
import type { Surroundings } from './surroundings.js';
import { callerProblem, validityFinding } from './tls.js';

const advice = 'Correct it: `npx parley config` describes every setting.';

/** Judges files that can be used now. */
async function tlsFindings({ pair, clientCa }: TlsFiles, file: string): Promise<Finding[]> {
  if (pair === undefined) return [];
  const { validFrom, validTo } = new X509Certificate(pair.cert);
  const sound = works(file, 'The certificate is valid, and the key belongs to it.');
  const validity = validityFinding(file, Date.parse(validFrom), Date.parse(validTo), Date.now()) ?? sound;
  const problem = clientCa && (await callerProblem(pair, clientCa));
  if (problem === undefined) return [validity];
  return [
    fault(
      file,
      `Services with this PARLEY_TLS_CLIENT_CA refuse the certificate (${problem}).`,
      'Use a certificate that its authority has signed, also for clients (clientAuth), with those of intermediate authorities after it.',
    ),
  ];
}

/** Runs one step. Returns a fault with the words of its error. */
async function attempt(about: string, step: () => Finding[] | Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await step();
  } catch (thrown) {
    return [asFault(about, `${errorText(thrown)}.`, advice)];
  }
}

async function filesFindings(settings: Settings): Promise<Finding[]> {
  const { TLS_CERT, PROXIES } = settings;
  const found = [
    attempt('TLS', () => tlsFindings(readTlsFiles(settings), String(TLS_CERT))),
    attempt('PARLEY_PROXIES', () => {
      new Proxies(PROXIES);
      return [];
    }),
    ...secretNames.map((name) =>
      attempt(`PARLEY_${name}_FILE`, () => {
        secretOrFile(settings, name);
        return [];
      }),
    ),
  ];
  return (await Promise.all(found)).flat();
}

/** The settings in the environment are known, valid and complete, and their files can be read. */
export function settingsCheck({ env }: Surroundings): Check {
  const set = Object.keys(env).filter((name) => name.startsWith('PARLEY_'));
  const run = async (): Promise<Finding[]> => {
    if (set.length === 0) return [skipped('settings', 'No setting is in this environment.')];
    try {
      const found = await filesFindings(readSettings(env));
      return found.some(({ level }) => level === 'fault')
        ? found
        : [works(set.join(', '), 'The settings are valid.'), ...found];
    } catch (thrown) {
      if (!(thrown instanceof SettingsError)) throw thrown;
      return thrown.message.split('\n').map((line) => asFault('environment', line, advice));
    }
  };
  return { name: 'settings', run };
}
