import type { IncomingMessage } from 'node:http';
import { refuse } from '@parley/runtime';
import type * as z from 'zod';
import { readBody } from '../http/web-message.js';
import type { ApiRoute } from './route.js';

const jsonType = /^application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;
const formType = /^application\/x-www-form-urlencoded\s*(;|$)/i;
const acceptsJson = /(^|[\s,])(\*\/\*|application\/(\*|json|problem\+json))\s*(;|,|$)/i;
const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

/** @throws {Refusal} `not-acceptable` if the client does not take JSON. */
export function checkAccept({ headers }: IncomingMessage): void {
  const accept = headers.accept?.trim() ?? '';
  if (accept !== '' && !acceptsJson.test(accept)) throw refuse('not-acceptable');
}

/**
 * Parses a value by its schema. @throws {Refusal} `invalid-request` with the `z.ZodError` as its
 * cause.
 */
function fitted(schema: z.ZodType, value: unknown): unknown {
  const result = schema.safeParse(value);
  if (!result.success) throw refuse('invalid-request', { cause: result.error });
  return result.data;
}

/**
 * Returns the query of a URL. If a name occurs twice, its value is an array, which no schema
 * accepts.
 */
function queryOf({ url = '' }: IncomingMessage): Record<string, string | string[]> {
  const at = url.indexOf('?');
  if (at < 0) return {};
  const found = new URLSearchParams(url.slice(at + 1));
  const names = [...new Set(found.keys())];
  return Object.fromEntries(
    names.map((name) => {
      const values = found.getAll(name);
      return [name, values.length === 1 ? (values[0] ?? '') : values];
    }),
  );
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function parsed(bytes: Buffer, jsonIn: (text: string) => string = (text) => text): unknown {
  try {
    return JSON.parse(jsonIn(strictUtf8.decode(bytes)));
  } catch (cause) {
    throw refuse('malformed', {
      message: 'The body is no JSON in UTF-8. Check its syntax and the header Content-Type.',
      cause,
    });
  }
}

/** Returns whether the body of a request is a form, by its content type. */
export function isForm({ 'content-type': type = '' }: IncomingMessage['headers']): boolean {
  return formType.test(type.trim());
}

/** Returns the field `payload` of a form. If there are several, or none, the text is not valid JSON. */
const payloadOf = (form: string) => new URLSearchParams(form).getAll('payload').join(',');

/** Reads the body as JSON, or returns undefined if there is none. */
async function readJson(
  request: IncomingMessage,
  { maxBodyBytes: maxBytes, takesForm }: Pick<ApiRoute, 'maxBodyBytes' | 'takesForm'>,
  count: (bytes: number) => void,
): Promise<unknown> {
  if (!hasBody(request)) return undefined;
  const { 'content-type': type = '', 'content-encoding': encoding = 'identity' } = request.headers;
  const hasPayload = takesForm && isForm(request.headers);
  if (!(hasPayload || jsonType.test(type.trim())) || encoding !== 'identity') throw refuse('wrong-media-type');
  const bytes = await readBody(request, maxBytes, count);
  if (hasPayload) return parsed(bytes, payloadOf);
  return bytes.length === 0 ? undefined : parsed(bytes);
}

/** Contents of a request, parsed by the schemas of its route. */
export interface ReadRequest {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

/**
 * Reads a request by the schemas of its route. Calls `count` with the memory of its body.
 * @throws {Refusal} `invalid-request`, `malformed`, `wrong-media-type`, `message-too-large` or
 * `cancelled`.
 */
export async function readRequest(
  route: ApiRoute,
  request: IncomingMessage,
  given: Readonly<Record<string, string>>,
  count: (bytes: number) => void,
): Promise<ReadRequest> {
  const { params: paramsSchema, query: querySchema, body: bodySchema } = route;
  const params = paramsSchema === undefined ? undefined : fitted(paramsSchema, given);
  const query = querySchema === undefined ? undefined : fitted(querySchema, queryOf(request));
  const json = bodySchema === undefined ? undefined : await readJson(request, route, count);
  return { params, query, body: bodySchema === undefined ? undefined : fitted(bodySchema, json) };
}
