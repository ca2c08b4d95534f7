import { limits } from '@parley/runtime';
import * as z from 'zod';
import type { ApiRoute } from './route.js';

/** The contents of an OpenAPI document except its routes. */
export interface OpenApiFacts {
  readonly title: string;
  readonly description: string;
  readonly version: string;
  /** Beginning of all paths, such as `/api/v1`. */
  readonly prefix: string;
  /** Schema of every error. */
  readonly problem: z.ZodType;
}

type Json = Record<string, unknown>;

const shared = '#/components/schemas/';

/** Replaces references to the definitions of one schema by references to those of the document. */
function withSharedRefs(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withSharedRefs);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).map(([key, part]) => {
    const isRef = key === '$ref' && typeof part === 'string';
    return [key, isRef ? part.replace('#/$defs/', shared) : withSharedRefs(part)];
  });
  return Object.fromEntries(entries);
}

/** Converts schemas, and collects those that have a name. */
class SchemaCollector {
  readonly named: Record<string, unknown> = {};

  /** `io` says whether clients send the value (`input`) or receive it. */
  convert(schema: z.ZodType, io: 'input' | 'output'): Json {
    const { $schema: _, $defs = {}, ...rest } = z.toJSONSchema(schema, { io }) as Json;
    for (const [name, definition] of Object.entries($defs as Json)) this.named[name] ??= withSharedRefs(definition);
    return withSharedRefs(rest) as Json;
  }

  /** Returns the fields of an object as parameters in a path or a query. */
  parameters(schema: z.ZodType | undefined, where: 'path' | 'query' | 'header', path: string): Json[] {
    if (schema === undefined) return [];
    const { properties = {}, required = [] } = this.convert(schema, 'input') as {
      properties?: Record<string, Json>;
      required?: string[];
    };
    return Object.entries(properties)
      .filter(([name]) => where !== 'path' || path.includes(`{${name}}`))
      .map(([name, field]) => ({
        ...{ name, in: where, required: where === 'path' || required.includes(name), schema: field },
        ...(typeof field.description === 'string' && { description: field.description }),
      }));
  }
}

function operationId({ method, path }: ApiRoute): string {
  const words = path.replaceAll(/[{}]/g, '').split(/[/_-]/).filter(Boolean);
  return [method.toLowerCase(), ...words.map((word) => word.charAt(0).toUpperCase() + word.slice(1))].join('');
}

/** Returns the schema of the body of an upload. */
function uploadSchema(contentType: string): Json {
  const bytes = { type: 'string', format: 'binary' };
  if (contentType !== 'multipart/form-data') return bytes;
  return {
    ...{ type: 'object', required: ['file'] },
    properties: { file: { type: 'array', items: bytes, minItems: 1, maxItems: limits.filesAtOnce } },
  };
}

function operationOf(route: ApiRoute, schemas: SchemaCollector, errors: Json): Json {
  const { path, params, query, headers, body, answer, status, upload, isDownload } = route;
  const content = (schema: Json) => ({ content: { 'application/json': { schema } } });
  const success = answer === undefined ? {} : content(schemas.convert(answer, 'output'));
  const bytes = { '*/*': { schema: { type: 'string', format: 'binary' } } };
  return {
    ...{ operationId: operationId(route), summary: route.summary, tags: [route.tag] },
    parameters: [
      ...schemas.parameters(params, 'path', path),
      ...schemas.parameters(query, 'query', path),
      ...schemas.parameters(z.object(headers), 'header', path),
    ],
    ...(body !== undefined && {
      requestBody: { required: !body.safeParse(undefined).success, ...content(schemas.convert(body, 'input')) },
    }),
    ...(upload !== undefined && {
      requestBody: { required: true, content: { [upload]: { schema: uploadSchema(upload) } } },
    }),
    responses: {
      [status]: {
        description: status === 204 ? 'Done.' : 'Success.',
        ...success,
        ...(isDownload && { content: bytes }),
      },
      ...(isDownload && { 206: { description: 'One range.', content: bytes }, 304: { description: 'Unchanged.' } }),
      ...errors,
    },
    ...(route.isPublic && { security: [] }),
  };
}

/**
 * Returns the OpenAPI 3.1 document of routes. It follows from the schemas that check the requests.
 */
export function openApi(routes: readonly ApiRoute[], facts: OpenApiFacts): Json {
  const { title, description, version, prefix, problem } = facts;
  const schemas = new SchemaCollector();
  const error = {
    description: 'Refused. `reason` says why.',
    content: { 'application/problem+json': { schema: schemas.convert(problem, 'output') } },
  };
  const errors = { '4XX': error, '5XX': error };
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = `${prefix}${route.path}`;
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route, schemas, errors) };
  }
  return {
    openapi: '3.1.0',
    info: { title, description, version, license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: '/' }],
    security: [{ token: [] }],
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: schemas.named,
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'the token of POST /api/v1/sessions' } },
    },
  };
}
