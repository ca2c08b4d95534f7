import { execFileSync } from 'node:child_process';

const index = new URL('../src/index.js', import.meta.url).href;

/** Returns the output of a child process: the logger owns standard output. */
function written(format: string): string {
  const line = `log.warn({ token: 'sec.ret', user: 'ann', given: { password: 'sec.ret', authorization: 'sec.ret' } }, 'a line')`;
  const script = `import { createLogger } from '${index}';
    const log = createLogger({ service: 's', level: 'info', format: '${format}' }); ${line}; log.debug('not this');`;
  return execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
}

test('writes JSON with the service, its version and the level, and masks secrets', () => {
  const line = JSON.parse(written('json'));
  expect(line).toMatchObject({
    service: 's',
    version: '0.1.0',
    level: 'warn',
    user: 'ann',
    msg: 'a line',
    token: '[Redacted]',
  });
  expect(JSON.stringify(line)).not.toContain('sec.ret');
});

test('writes text as one line and masks the same secrets', () => {
  const text = written('text');
  expect(text.trim().split('\n')).toHaveLength(1);
  expect(text).toMatch(/^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} [+-]\d{4}\] WARN.*a line.*ann/);
  expect(text).not.toContain('sec.ret');
});
