/**
 * Fails if chat.v1 of a folder (default: proto/) would break the wire format for clients of the
 * original proto file.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { buf, runScript } from './buf.mjs';
import { root } from './setup.mjs';

const rules = [
  'WIRE',
  'PACKAGE_SERVICE_NO_DELETE',
  'PACKAGE_MESSAGE_NO_DELETE',
  'PACKAGE_ENUM_NO_DELETE',
  'RPC_NO_DELETE',
];

/** Writes the original proto file as package chat.v1. Returns the folder. */
function seedAsChatV1(proto, below) {
  const seed = readFileSync(join(proto, 'seed/seed.proto'), 'utf8');
  const folder = join(below, 'seed/chat/v1');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'seed.proto'), seed.replace('syntax = "proto3";', '$&\npackage chat.v1;'));
  return join(below, 'seed');
}

function guard(proto, below) {
  const [before, after] = [join(below, 'before.binpb'), join(below, 'after.binpb')];
  buf('build', seedAsChatV1(proto, below), '-o', before);
  buf('build', proto, '--path', join(proto, 'chat'), '-o', after);
  const config = JSON.stringify({ version: 'v2', breaking: { use: rules } });
  buf('breaking', after, '--against', before, '--config', config);
}

runScript(() => {
  const below = mkdtempSync(join(tmpdir(), 'parley-guard-'));
  try {
    guard(resolve(process.argv[2] ?? join(root, 'proto')), below);
  } finally {
    rmSync(below, { recursive: true });
  }
});
