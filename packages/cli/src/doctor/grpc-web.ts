import { User, UserService } from '@parley/contract';
import { frameOf } from '@parley/rpc';
import { type Check, type Finding, fault, works } from './check.js';
import { type Surroundings, tokenFor, webEndpoint } from './surroundings.js';
import { failedRequest, strangeFinding, withGateway } from './web.js';
import { readWeb, type WebResponse } from './web-request.js';

const types = { binary: 'application/grpc-web+proto', text: 'application/grpc-web-text' } as const;

/** Encoding of gRPC-Web. */
export type WebEncoding = keyof typeof types;

/** Returns the headers and the body of a gRPC-Web call. */
export function webCallOf(message: Uint8Array, encoding: WebEncoding) {
  const frame = frameOf(message);
  const headers = { 'content-type': types[encoding], accept: types[encoding], 'x-grpc-web': '1' };
  return { method: 'POST', headers, body: encoding === 'text' ? frame.toString('base64') : frame };
}

/** Decodes the body of a gRPC-Web response, of which each piece of base64 may have its own padding. */
function webBytes(body: Buffer, encoding: WebEncoding): Buffer {
  if (encoding === 'binary') return body;
  return Buffer.concat(
    (body.toString('latin1').match(/[\w+/]+=*/g) ?? []).map((piece) => Buffer.from(piece, 'base64')),
  );
}

/** Returns whether a body begins with a whole message of that type. */
function hasUser(bytes: Buffer, id: string): boolean {
  if (bytes.length < 5 || bytes[0] !== 0) return false;
  try {
    return User.decode(bytes.subarray(5, 5 + bytes.readUInt32BE(1))).id === id;
  } catch {
    return false;
  }
}

/** Returns whether a response carries a refusal of Parley. */
export function hasReason({ headers, body }: WebResponse, encoding: WebEncoding): boolean {
  return 'chat-reason' in headers || webBytes(body, encoding).toString('latin1').includes('chat-reason:');
}

/** Calls `UserService.Get`. Without a login, the right response is a refusal. */
async function callFinding(url: URL, encoding: WebEncoding, where: Surroundings): Promise<Finding> {
  const about = `${url.origin} (${encoding})`;
  const { login } = where;
  const token = tokenFor(where, webEndpoint(url));
  const call = webCallOf(User.encode(User.fromPartial({ id: login?.user_id ?? '' })).finish(), encoding);
  const response = await readWeb(url, where, { ...call, token });
  const type = response.headers['content-type'] ?? '';
  if (!type.startsWith(types[encoding])) return strangeFinding(about, response);
  if (login !== undefined && token !== undefined && hasUser(webBytes(response.body, encoding), login.user_id))
    return works(about, 'A call with the stored login returns its message.');
  if (hasReason(response, encoding)) return works(about, 'A call reaches Parley.');
  return fault(
    about,
    'The response to a call arrives damaged.',
    'Let the proxy pass the bodies of requests and responses unchanged.',
  );
}

/** Calls over gRPC-Web work in both encodings. */
export function grpcWebCheck(where: Surroundings): Check {
  const examine = async (web: URL): Promise<Finding[]> => {
    const url = new URL(UserService.get.path, web);
    const calls = (['binary', 'text'] as const).map((encoding) =>
      callFinding(url, encoding, where).catch((thrown: unknown) =>
        failedRequest(`${url.origin} (${encoding})`, thrown),
      ),
    );
    return Promise.all(calls);
  };
  return { name: 'grpc-web', run: () => withGateway(where, examine) };
}
