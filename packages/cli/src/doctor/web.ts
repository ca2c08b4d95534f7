import { errorCode, errorText } from '../failure.js';
import { type Check, type Finding, fault, skipped, works } from './check.js';
import { isReachable, noConnectionFinding, unconnected } from './ports.js';
import { type Surroundings, webEndpoint } from './surroundings.js';
import { readWeb, type WebResponse } from './web-request.js';

/** Calls `work` with the URL of the gateway. If it is not known, or its port is closed, returns a finding that says so. */
export async function withGateway(where: Surroundings, work: (web: URL) => Promise<Finding[]>): Promise<Finding[]> {
  const { web } = where;
  if (web === undefined)
    return [skipped('gateway', 'No gateway is known.', 'Give its URL, or that of your proxy, with --gateway.')];
  const endpoint = webEndpoint(web);
  if (!(await isReachable(endpoint, where.timeoutMs))) return [noConnectionFinding(endpoint.about)];
  return work(web);
}

/** Returns the finding for a request that failed. */
export function failedRequest(about: string, thrown: unknown): Finding {
  const isTls = /CERT|SIGNED|SIGNATURE|ALTNAME|EPROTO|wrong version/i.test(`${errorCode(thrown)} ${errorText(thrown)}`);
  return isTls
    ? skipped(about, 'There is no sound TLS connection; the check "tls" says why.')
    : unconnected(about, thrown);
}

/** Returns what is wrong with a response that does not come from Parley. */
function foreignFinding(about: string, { status, headers }: WebResponse): Finding {
  const { location, server = 'another program' } = headers;
  if (isRedirect(status))
    return fault(
      about,
      `The server sends clients to ${location}.`,
      'Give that URL with --gateway, and to your clients.',
    );
  if (isBadGateway(status)) {
    const change = 'Start the gateway, or correct its address in the settings of the proxy.';
    return fault(about, `A proxy (${server}) responds, but does not reach the gateway (HTTP ${status}).`, change);
  }
  const change = 'Let the proxy pass this path to the gateway unchanged, or correct --gateway.';
  return fault(about, `The response is not one of Parley (HTTP ${status} from ${server}).`, change);
}

/** Returns the same finding, but skips the faults that the check "web" reports. */
export function strangeFinding(about: string, response: WebResponse): Finding {
  const isFound = isRedirect(response.status) || isBadGateway(response.status);
  return isFound
    ? skipped(about, 'The gateway is not reached; the check "web" says why.')
    : foreignFinding(about, response);
}

function isRedirect(status: number): boolean {
  return status >= 300 && status < 400;
}

function isBadGateway(status: number): boolean {
  return status >= 502 && status <= 504;
}

function isOpenApi({ status, body }: WebResponse): boolean {
  return status === 200 && /^\s*\{\s*"openapi"/.test(body.subarray(0, 200).toString());
}

/** The gateway responds to HTTP. */
export function webCheck(where: Surroundings): Check {
  const run = () =>
    withGateway(where, async (web) => {
      const url = new URL('/api/v1/openapi.json', web);
      try {
        const response = await readWeb(url, where);
        return [isOpenApi(response) ? works(url.href, 'The gateway responds.') : foreignFinding(url.href, response)];
      } catch (thrown) {
        return [failedRequest(url.href, thrown)];
      }
    });
  return { name: 'web', run };
}
