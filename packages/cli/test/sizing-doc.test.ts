import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectionShares, connectionsFor, extraConnections, SERVICE_ROLES, type ServiceRole } from '@parley/database';
import { settingsTable } from '@parley/runtime';
import { projectFolder } from '../src/launcher/options.js';

const text = await readFile(join(projectFolder, 'docs', 'sizing.md'), 'utf8');
const ofEach = Number(settingsTable.DATABASE_CONNECTIONS.fallback);
const spare = 10;

/** Returns the cells of the rows of a table whose head begins with this cell. */
function tableOf(head: string): string[][] {
  const [, table = ''] = text.split(`\n| ${head} |`);
  const lines = table.split('\n\n')[0]?.split('\n').slice(2) ?? [];
  return lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const names: Readonly<Record<ServiceRole, string>> = {
  chat_user: 'user-service',
  chat_manager: 'manager',
  chat_server: 'chat server',
  chat_gateway: 'gateway',
};

test('docs/sizing.md says how many connections each process opens', () => {
  const found = tableOf('Process | Connections').map(([name, connections]) => [name, connections]);
  const extra = SERVICE_ROLES.map((role) => [
    names[role],
    extraConnections[role] === 0 ? 'c' : `c + ${extraConnections[role]}`,
  ]);
  expect(found).toEqual(extra);
  for (const role of SERVICE_ROLES) expect(text).toMatch(new RegExp(`\\*[umsg] / ${connectionShares[role]}\``));
});

test('each row of the table of sizes has enough connections for its processes', () => {
  const rows = tableOf('People');
  expect(rows.map(([people]) => people)).toEqual(['10', '100', '1,000', '10,000', '50,000']);
  for (const [people, users, managers, servers, gateways, , , , most] of rows) {
    const processes = {
      chat_user: Number(users),
      chat_manager: Number(managers),
      chat_server: Number(servers),
      chat_gateway: Number(gateways),
    };
    const needs = SERVICE_ROLES.map(
      (role) => connectionsFor({ [role]: processes[role] }, ofEach) / connectionShares[role],
    );
    const least = Math.max(connectionsFor(processes, ofEach), ...needs) + spare;
    expect([people, Number(most) >= least]).toEqual([people, true]);
  }
});
