/** The manifests for Kubernetes agree with the services, their settings, Envoy and each other. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSettings } from '@parley/runtime';
import { parse, parseAllDocuments } from 'yaml';
import { projectFolder } from '../src/launcher/options.js';

interface Port {
  readonly name: string;
  readonly port: number;
  readonly containerPort: number;
}

interface Container {
  readonly command: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly ports: readonly Port[];
  readonly volumeMounts: readonly object[];
  readonly securityContext: object;
  readonly resources: { readonly limits: { readonly memory: string } };
  readonly lifecycle: { readonly preStop: { readonly exec: { readonly command: readonly string[] } } };
  readonly readinessProbe: object;
  readonly livenessProbe: object;
}

interface Pod {
  readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
  readonly spec: {
    readonly enableServiceLinks: boolean;
    readonly automountServiceAccountToken: boolean;
    readonly securityContext: object;
    readonly terminationGracePeriodSeconds: number;
    readonly containers: readonly [Container];
    readonly volumes: readonly { readonly secret?: { readonly secretName: string } }[];
  };
}

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly template: Pod;
    readonly jobTemplate: { readonly spec: { readonly template: Pod } };
    readonly ports: readonly Port[];
    readonly maxUnavailable: number;
    readonly ingress?: readonly { readonly ports: readonly Port[] }[];
    readonly metrics: readonly {
      readonly type: string;
      readonly pods: { readonly metric: { readonly name: string } };
    }[];
  };
}

const folder = join(projectFolder, 'deploy', 'kubernetes');
const texts = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
const all = texts.flatMap((text) => parseAllDocuments(text).map((one) => one.toJS() as Manifest));
const hasHelm = spawnSync('helm', ['version']).status === 0;
const ofKind = (kind: string) => all.filter((one) => one.kind === kind);
const named = (kind: string, name: string) => ofKind(kind).find(({ metadata }) => metadata.name === name);
const names = ['user-service', 'channel-service', 'chat-service', 'gateway'];

function podOf(name: string): Pod['spec'] & { readonly container: Container } {
  const { template } =
    named('CronJob', name)?.spec.jobTemplate.spec ?? (named('Deployment', name) ?? named('Job', name))?.spec ?? {};
  const found = template?.spec;
  if (found === undefined) throw new Error(`There is no pod of ${name}.`);
  return { ...found, container: found.containers[0] };
}

/** Returns the variables of a container. Kubernetes fills in those without a value. */
function environmentOf({ env = [] }: Container): Record<string, string> {
  const filled = env.map(({ name, value = 'pod-1' }) => [name, value.replace('$(POD_IP)', '10.1.2.3')]);
  return Object.fromEntries(filled);
}

test.each(names)('%s has valid settings, and ports that agree everywhere', (name) => {
  const { container } = podOf(name);
  const env = environmentOf(container);
  const settings = readSettings(env);
  expect(existsSync(join(projectFolder, container.command[1] ?? ''))).toBe(true);
  const ports = Object.fromEntries(container.ports.map((one) => [one.name, one.containerPort]));
  expect(ports[name === 'gateway' ? 'http' : 'grpc']).toBe(settings.PORT);
  expect(ports.ops).toBe(settings.ADMIN_PORT);
  if (name === 'gateway') expect(ports.inbox).toBe(Number(settings.PORT) + 2_000);
  const service = named('Service', name)?.spec.ports.map((one) => [one.name, one.port]);
  expect(Object.fromEntries(service ?? [])).toEqual(ports);
  const policy = named('NetworkPolicy', name)?.spec.ingress?.flatMap((one) => one.ports.map(({ port }) => port));
  expect(new Set(policy)).toEqual(new Set(Object.values(ports)));
  expect(named('Deployment', name)?.spec.template.metadata.annotations['prometheus.io/port']).toBe(String(ports.ops));
  expect(container.readinessProbe).toMatchObject({ httpGet: { path: '/readyz', port: 'ops' } });
  expect(container.livenessProbe).toMatchObject({ httpGet: { path: '/healthz', port: 'ops' } });
});

test.each(names)('%s has time to drain, and a budget for disruptions', (name) => {
  const { container, terminationGracePeriodSeconds } = podOf(name);
  const { STOP_SECONDS: stopSeconds } = readSettings(environmentOf(container));
  const [program, preStopSeconds] = container.lifecycle.preStop.exec.command;
  expect(program).toBe('sleep');
  expect(terminationGracePeriodSeconds).toBeGreaterThan(Number(preStopSeconds) + stopSeconds);
  expect(named('PodDisruptionBudget', name)?.spec.maxUnavailable).toBe(1);
});

test.each([...names, 'envoy', 'parley-migrate', 'parley-backup'])(
  'the pod of %s has no privileges and only its own secret',
  (name) => {
    const { container, ...spec } = podOf(name);
    expect(spec).toMatchObject({
      enableServiceLinks: false,
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    });
    expect(container).toMatchObject({
      securityContext: {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      },
      resources: { limits: { memory: expect.stringMatching(/^\d+[MG]i$/) } },
    });
    const secrets = spec.volumes.flatMap(({ secret }) => secret?.secretName ?? []);
    const own =
      { envoy: 'parley-tls', 'parley-migrate': 'parley-setup', 'parley-backup': name }[name] ?? `parley-${name}`;
    expect(secrets).toEqual([own]);
  },
);

test('the backup reads its database from its secret, and writes into its volume', () => {
  const { container, volumes } = podOf('parley-backup');
  expect(container.command).toEqual(['node', 'bin/parley.js', 'backup', '/backups', '--keep', '7']);
  expect(container.volumeMounts).toContainEqual({ name: 'backups', mountPath: '/backups' });
  expect(volumes).toContainEqual({ name: 'backups', persistentVolumeClaim: { claimName: 'parley-backup' } });
  expect(named('PersistentVolumeClaim', 'parley-backup')).toBeDefined();
  expect(container.env).toEqual([{ name: 'PARLEY_DATABASE_URL_FILE', value: '/run/parley/database-url' }]);
});

test('the Services have the names and ports by which Envoy and the services find each other', () => {
  const envoy = parse(readFileSync(join(projectFolder, 'envoy.yaml'), 'utf8')).static_resources;
  const hosts = JSON.stringify(envoy.clusters).matchAll(/"address":"([a-z-]+)","port_value":(\d+)/g);
  const inSettings = names.flatMap((name) => {
    const { MANAGERS = '', USER_SERVICES = '' } = Object.fromEntries(
      Object.entries(environmentOf(podOf(name).container)).map(([key, value]) => [key.replace('PARLEY_', ''), value]),
    );
    return [...`${MANAGERS},${USER_SERVICES}`.matchAll(/([a-z-]+):(\d+)/g)];
  });
  const needed = [...hosts, ...inSettings].map(([, name = '', port]) => [name, Number(port)] as const);
  expect(needed.length).toBeGreaterThan(7);
  for (const [name, port] of needed)
    expect([name, named('Service', name)?.spec.ports.map((one) => one.port)]).toEqual([
      name,
      expect.arrayContaining([port]),
    ]);
  expect(podOf('envoy').container.ports[0]?.containerPort).toBe(envoy.listeners[0].address.socket_address.port_value);
});

test('chat servers and gateways scale by metrics of the dashboard, and by CPU', () => {
  const dashboard = readFileSync(join(projectFolder, 'deploy', 'grafana', 'parley.json'), 'utf8');
  expect(ofKind('HorizontalPodAutoscaler').map(({ metadata }) => metadata.name)).toEqual(['chat-service', 'gateway']);
  for (const { metadata, spec } of ofKind('HorizontalPodAutoscaler')) {
    expect([metadata.name, spec.metrics.map(({ type }) => type)]).toEqual([metadata.name, ['Pods', 'Resource']]);
    expect(dashboard).toContain(`${spec.metrics[0]?.pods.metric.name}{`);
    expect(named('Deployment', metadata.name)?.spec).not.toHaveProperty('replicas');
  }
});

test('the manifests contain no secret', () => {
  expect(ofKind('Secret')).toEqual([]);
  for (const text of texts) expect(text).not.toMatch(/postgres(ql)?:\/\/[^@\s"]*:[^@\s"]*@/);
});

(hasHelm ? test : test.skip)(
  'with tls.enabled, the pods and Envoy speak TLS (skipped without helm on the PATH)',
  () => {
    const set = ['tls.enabled=true', 'tls.secrets.gateway=own'].map((one) => `--set=${one}`);
    const chart = join(projectFolder, 'deploy', 'helm', 'parley');
    const text = execFileSync('helm', ['template', 'parley', chart, '--kube-version=1.30', ...set], {
      encoding: 'utf8',
    });
    const rendered = parseAllDocuments(text).map((one) => one.toJS() as Manifest & { data: { 'envoy.yaml': string } });
    const find = (kind: string, name: string) =>
      rendered.find((one) => one.kind === kind && one.metadata.name === name) as (typeof rendered)[number];
    for (const name of names) {
      const { containers, volumes } = find('Deployment', name).spec.template.spec;
      const { INSECURE, TLS_CERT, TLS_CLIENT_CA, TLS_CHAT_NAME } = readSettings(environmentOf(containers[0]));
      expect([INSECURE, TLS_CHAT_NAME]).toEqual([false, 'chat-service']);
      for (const file of [TLS_CERT, TLS_CLIENT_CA]) expect(file).toMatch(/^\/run\/parley-tls\//);
      const secretName = name === 'gateway' ? 'own' : `parley-tls-${name}`;
      expect(volumes).toContainEqual(expect.objectContaining({ secret: { secretName, defaultMode: 0o440 } }));
    }
    const envoy = JSON.parse(find('ConfigMap', 'parley-envoy').data['envoy.yaml']);
    const socket = { typed_config: { '@type': expect.stringMatching(/UpstreamTlsContext$/), auto_host_sni: true } };
    for (const cluster of envoy.static_resources.clusters)
      expect(cluster).toMatchObject({ name: cluster.name, transport_socket: socket });
  },
);
