import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const proto = join(root, 'proto');

function guard(folder: string): { readonly status: number | null; readonly said: string } {
  const ran = spawnSync(process.execPath, [join(root, 'scripts/proto-guard.mjs'), folder], { encoding: 'utf8' });
  return { status: ran.status, said: ran.stdout + ran.stderr };
}

/** Runs the guard on a copy of proto/ with `before` replaced by `after` in one file. */
function guardChanged(file: string, before: RegExp, after: string): ReturnType<typeof guard> {
  const copy = mkdtempSync(join(tmpdir(), 'parley-mutant-'));
  try {
    cpSync(proto, copy, { recursive: true });
    const path = join(copy, 'chat/v1', file);
    const text = readFileSync(path, 'utf8');
    expect(text).toMatch(before);
    writeFileSync(path, text.replace(before, after));
    return guard(copy);
  } finally {
    rmSync(copy, { recursive: true });
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

describe('seed.proto', () => {
  const seed = readFileSync(join(proto, 'seed/seed.proto'), 'utf8');

  test('seed.proto has not changed', () => {
    expect(sha256(seed)).toBe('1fbe3da0eba1513ea3c8989a69d413171b420d84fd8f45ab1b5ebcc744ddfb47');
  });

  test('seed.proto matches the original document word for word, except for the import', () => {
    const [, body] = seed.split('import "google/protobuf/empty.proto";');
    expect(sha256(body?.trim() ?? '')).toBe('b7df03c36870ff403ba09aa69974d2ff6922d3b72406c676ec4b900d5acc1167');
  });
});

describe('the guard', () => {
  test('the guard accepts the current chat.v1', () => {
    expect(guard(proto)).toEqual({ status: 0, said: '' });
  });

  test.each([
    ['a changed field type', 'types.proto', /bytes data = 3;/, 'uint64 data = 3;', 'Field "3"'],
    ['a deleted field', 'types.proto', /uint64 timestamp = 2; \/\/ Unix ms/, '//', 'field "2"'],
    ['a deleted RPC', 'user.proto', /rpc Login\(.*;/, '', 'RPC "Login"'],
    ['a stream made unary', 'chat.proto', /Connect\(stream Message\)/, 'Connect(Message)', 'RPC "Connect"'],
    ['a deleted message', 'channel.proto', /message ListResponse {[^}]*}/, '', 'message "ListResponse"'],
    [
      'a changed enum value',
      'types.proto',
      /CHANNEL_STATUS_SERVING = 2/,
      'CHANNEL_STATUS_SERVING = 3',
      'enum value "2"',
    ],
  ])('rejects %s', (_, file, before, after, complaint) => {
    const { status, said } = guardChanged(file, before, after);
    expect(said).toContain('buf breaking:');
    expect(said.toLowerCase()).toContain(complaint.toLowerCase());
    expect(status).toBe(1);
  });
});
