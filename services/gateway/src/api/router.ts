import type { ApiMethod, ApiRoute } from './route.js';

/** A route that matches a path, and the values of the parameters in the path. */
export interface RouteMatch {
  readonly route: ApiRoute;
  readonly params: Readonly<Record<string, string>>;
}

/** The routes of one path template. */
interface PathRoutes {
  readonly segments: readonly string[];
  readonly byMethod: Map<ApiMethod, ApiRoute>;
}

const parameter = /^\{(\w+)\}$/;

/** Decodes one segment of a path, or returns undefined if it is malformed. */
function decodedSegment(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

function paramsOf(template: readonly string[], segments: readonly string[]): Record<string, string> | undefined {
  if (template.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [at, wanted] of template.entries()) {
    const given = segments[at] ?? '';
    const [, name] = parameter.exec(wanted) ?? [];
    if (name === undefined && wanted !== given) return undefined;
    if (name === undefined) continue;
    const value = decodedSegment(given);
    if (value === undefined || value === '') return undefined;
    params[name] = value;
  }
  return params;
}

/** Finds routes by path and method. A literal segment wins over a parameter. */
export class ApiRouter {
  readonly #paths: readonly PathRoutes[];

  constructor(routes: readonly ApiRoute[]) {
    const byPath = new Map<string, PathRoutes>();
    for (const route of routes) {
      const known = byPath.get(route.path) ?? { segments: route.path.split('/').slice(1), byMethod: new Map() };
      byPath.set(route.path, known);
      known.byMethod.set(route.method, route);
    }
    const literals = ({ segments }: PathRoutes) => segments.filter((one) => !parameter.test(one)).length;
    this.#paths = [...byPath.values()].sort((a, b) => literals(b) - literals(a));
  }

  /**
   * Returns the routes of a path by method, with its parameters; undefined if no route has this
   * path.
   */
  find(path: string): { readonly params: RouteMatch['params']; readonly byMethod: PathRoutes['byMethod'] } | undefined {
    const segments = path.split('/').slice(1);
    for (const { segments: template, byMethod } of this.#paths) {
      const params = paramsOf(template, segments);
      if (params !== undefined) return { params, byMethod };
    }
    return undefined;
  }
}

/** Returns the methods of a path, for the header Allow. */
export function allowedMethods(byMethod: ReadonlyMap<ApiMethod, ApiRoute>): string[] {
  const methods: string[] = [...byMethod.keys()];
  return [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'];
}
