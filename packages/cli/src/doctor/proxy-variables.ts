import { type Check, type Finding, warning, works } from './check.js';
import { endpointsIn, type Surroundings } from './surroundings.js';

const names = ['http_proxy', 'https_proxy', 'all_proxy', 'grpc_proxy'];

function proxyIn(env: NodeJS.ProcessEnv, name: string): string {
  return env[name] || env[name.toUpperCase()] || '';
}

/** Returns whether `no_proxy` excludes a host. */
function isExcluded(host: string, noProxy: string): boolean {
  const entries = noProxy.split(',').map((entry) => entry.trim().replace(/^\*?\./, ''));
  return entries.some((entry) => entry === '*' || (entry !== '' && (host === entry || host.endsWith(`.${entry}`))));
}

/** No proxy variable leads programs away from Parley. */
export function proxyVariablesCheck(where: Surroundings): Check {
  const run = async (): Promise<Finding[]> => {
    const set = names.filter((name) => proxyIn(where.env, name) !== '');
    if (set.length === 0) return [works('environment', 'No proxy is set.')];
    const hosts = new Set(endpointsIn(where).map(({ host }) => host));
    const led = [...hosts].filter((host) => !isExcluded(host, proxyIn(where.env, 'no_proxy')));
    if (led.length === 0) return [works(set.join(', '), 'no_proxy excludes every host of Parley.')];
    const words = `Other programs, such as curl and grpcurl, reach ${led.join(', ')} through the proxy. Parley itself ignores these variables.`;
    return [
      warning(
        set.join(', '),
        words,
        `Add ${led.join(',')} to no_proxy. Gateways do not use the proxy, so let them reach S3 and push services directly.`,
      ),
    ];
  };
  return { name: 'proxy variables', run };
}
