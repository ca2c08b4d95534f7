/** Renders the Helm chart with its defaults into deploy/kubernetes. Needs helm on the PATH. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './setup.mjs';

/** Returns the objects of the given templates, or of all but the migration. */
function render(templates) {
  const chart = join(root, 'deploy', 'helm', 'parley');
  const options = [
    '--namespace=parley',
    '--kube-version=1.30',
    '--set=envoy.configMap=false',
    '--set=backup.enabled=true',
  ];
  const only = templates.flatMap((name) => ['--show-only', `templates/${name}.yaml`]);
  return execFileSync('helm', ['template', 'parley', chart, ...options, ...only], { encoding: 'utf8' });
}

const head = '# Made from deploy/helm/parley by scripts/manifests.mjs. See docs/kubernetes.md.\n';
const services = ['user-service', 'channel-service', 'chat-service', 'gateway', 'envoy', 'network-policies'];
for (const [file, templates] of [
  ['migrate.yaml', ['migrate']],
  ['backup.yaml', ['backup']],
  ['parley.yaml', services],
])
  writeFileSync(join(root, 'deploy', 'kubernetes', file), head + render(templates));
