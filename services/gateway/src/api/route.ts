import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type * as z from 'zod';
import type { FileDesk } from '../files/file-desk.js';
import type { ServiceCalls } from './service-calls.js';

/** Methods that a route can have. HEAD follows from GET, and OPTIONS from all of them. */
export type ApiMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** One request, after its schemas have accepted it. */
export interface ApiRequest<P, Q, B> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  /** Headers as the client sent them. */
  readonly headers: IncomingHttpHeaders;
  /** Address of the caller. */
  readonly address: string;
  /** Calls to the services on behalf of the caller. */
  readonly calls: ServiceCalls;
  readonly files: FileDesk;
  /** The request itself, whose body only the route of an upload reads. */
  readonly incoming: IncomingMessage;
  /** Counts more memory, in bytes, that the request holds until its response; negative: less. */
  readonly hold: (bytes: number) => void;
  /** Sets a header of the response. */
  readonly setHeader: (name: string, value: string) => void;
}

/** A response that differs from the status and the JSON of its route. */
export class OtherAnswer {
  readonly status: 200 | 204;
  readonly contentType: string;
  readonly text: string;

  constructor(status: 200 | 204, contentType: string, text: string) {
    this.status = status;
    this.contentType = contentType;
    this.text = text;
  }
}

/** A route without the types of its handler. The same schemas check requests and describe them. */
export interface ApiRoute {
  readonly method: ApiMethod;
  /** Path below the prefix of the door, with parameters such as `{chat_id}`. */
  readonly path: string;
  /** Group in the documentation. */
  readonly tag: string;
  /** One line for the documentation: what the call does. */
  readonly summary: string;
  /** Whether the call needs no token. */
  readonly isPublic: boolean;
  readonly params: z.ZodType | undefined;
  readonly query: z.ZodType | undefined;
  readonly body: z.ZodType | undefined;
  /** Largest body, in bytes. */
  readonly maxBodyBytes: number;
  /** Content type of an upload, whose route reads the body itself. Absent: the body is JSON. */
  readonly upload: string | undefined;
  /** Whether the response is a `Download` instead of JSON. */
  readonly isDownload: boolean;
  /** Whether the body may also be a form, whose field `payload` is the JSON. */
  readonly takesForm: boolean;
  /** Headers of the response to OPTIONS, and of every error. */
  readonly offers: Readonly<Record<string, string>>;
  /** Status of the response after success; 204 has no body. */
  readonly status: 200 | 201 | 204;
  readonly answer: z.ZodType | undefined;
  /** Request headers that the call reads. Here their schemas only describe them. */
  readonly headers: Readonly<Record<string, z.ZodType>>;
  /** Returns the JSON of the response, which must fit `answer`, or an `OtherAnswer`. */
  readonly run: (request: ApiRequest<never, never, never>) => Promise<unknown>;
  /**
   * Reads the resource that If-Match is compared with. Absent: the call does not support If-Match.
   */
  readonly current: ((request: ApiRequest<never, never, never>) => Promise<unknown>) | undefined;
}

/** The required fields of a route. The others have defaults. */
interface RouteDefinition<P, Q, B, A>
  extends Pick<ApiRoute, 'method' | 'path' | 'tag' | 'summary'>,
    Partial<
      Pick<
        ApiRoute,
        'isPublic' | 'maxBodyBytes' | 'status' | 'headers' | 'upload' | 'isDownload' | 'takesForm' | 'offers'
      >
    > {
  readonly params?: z.ZodType<P>;
  readonly query?: z.ZodType<Q>;
  readonly body?: z.ZodType<B>;
  readonly answer?: z.ZodType<A>;
  readonly run: (request: ApiRequest<P, Q, B>) => Promise<A | OtherAnswer>;
  readonly current?: (request: ApiRequest<P, Q, B>) => Promise<unknown>;
}

/** Largest body of most calls, in bytes. */
const usualBodyBytes = 65_536;

/** Returns a route. The types of its handler follow from its schemas. */
export function route<P = undefined, Q = undefined, B = undefined, A = void>(
  definition: RouteDefinition<P, Q, B, A>,
): ApiRoute {
  const { answer, params, query, body, current } = definition;
  return {
    isPublic: false,
    maxBodyBytes: usualBodyBytes,
    status: answer === undefined ? 204 : 200,
    headers: {},
    ...{ upload: undefined, isDownload: false, takesForm: false, offers: {} },
    ...definition,
    ...{ answer, params, query, body, current },
  };
}
