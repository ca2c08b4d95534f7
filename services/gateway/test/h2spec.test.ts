import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Program } from '@parley/testkit';

const script = fileURLToPath(new URL('../../../../scripts/checks/h2spec.mjs', import.meta.url));
const given = spawnSync('h2spec', ['--version']).status === 0 ? test : test.skip;

given(
  'every gRPC port passes the cases of h2spec that a bare server of grpc-js passes',
  async () => {
    const program = new Program(process.execPath, [script]);
    expect([await program.exited, program.said]).toEqual([0, expect.stringMatching(/^gateway: \d+ of 145 cases/m)]);
    expect(program.said).not.toContain('fails');
  },
  1_200_000,
);
