import { X509Certificate } from 'node:crypto';
import { readSettings, type Settings, SettingsError } from '@parley/runtime';
import { Proxies, readTlsFiles, urlOrFile } from '@parley/service-kit';
import { errorText } from '../failure.js';
import { asFault, type Check, type Finding, skipped, works } from './check.js';
import type { Surroundings } from './surroundings.js';
import { validityFinding } from './tls.js';

const advice = 'Correct it: `npx parley config` describes every setting.';

function certificateFinding(cert: Buffer, file: string): Finding {
  const { validFrom, validTo } = new X509Certificate(cert);
  const found = validityFinding(file, Date.parse(validFrom), Date.parse(validTo), Date.now());
  return found ?? works(file, 'The certificate is valid, and the key belongs to it.');
}

/** Runs one step. Returns a fault with the words of its error. */
function attempt(about: string, step: () => Finding[]): Finding[] {
  try {
    return step();
  } catch (thrown) {
    return [asFault(about, `${errorText(thrown)}.`, advice)];
  }
}

function filesFindings(settings: Settings): Finding[] {
  const { TLS_CERT, PROXIES } = settings;
  return [
    ...attempt('TLS', () => {
      const { pair } = readTlsFiles(settings);
      return pair === undefined ? [] : [certificateFinding(pair.cert, String(TLS_CERT))];
    }),
    ...attempt('PARLEY_PROXIES', () => {
      new Proxies(PROXIES);
      return [];
    }),
    ...(['DATABASE_URL', 'REDIS_URL'] as const).flatMap((name) =>
      attempt(`PARLEY_${name}_FILE`, () => {
        urlOrFile(settings, name);
        return [];
      }),
    ),
  ];
}

/** The settings in the environment are known, valid and complete, and their files can be read. */
export function settingsCheck({ env }: Surroundings): Check {
  const set = Object.keys(env).filter((name) => name.startsWith('PARLEY_'));
  const run = async (): Promise<Finding[]> => {
    if (set.length === 0) return [skipped('settings', 'No setting is in this environment.')];
    try {
      const found = filesFindings(readSettings(env));
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
