import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { finding } from '../../preflight/expectations.ts';
import { runPreflight } from '../../preflight/in-process.ts';
import { createRejects, type Rejects } from './identities.ts';
import { MAKES, type Make, type Peer, startPeer } from './servers.ts';

let rejects: Rejects;
beforeAll(async () => {
  rejects = await createRejects();
});
afterAll(() => {});

const SENTENCES: Readonly<Record<Make, RegExp>> = {
  nginx: /400 “The SSL certificate error”/,
  haproxy: /alert certificate revoked/,
  'openssl s_server': /alert certificate revoked/,
  'node:https': /after our client certificate, without an alert that says why/,
};

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('a preflight over %s', (version) => {
  describe.each(MAKES)('with %s', (make) => {
    let peer: Peer;
    beforeAll(async () => {
      peer = await startPeer(make, version, rejects);
    });
    afterAll(() => peer.close());

    test('names a revoked certificate as exactly as the server does, and finds the server sound', async () => {
      const client = rejects.clients.revoked;
      const run = await runPreflight({
        mode: 'preflight',
        'server-url': `https://127.0.0.1:${peer.port}`,
        'app-key': 'app',
        'app-secret': 'secret',
        cert: client?.cert ?? '',
        key: client?.key ?? '',
        chain: rejects.pki.root.cert,
        'cert-expiry-warning-days': '0',
      });
      const failures = run.findings.filter(({ level }) => level === 'failure');
      expect(failures.map(({ check, code }) => [check, code])).toEqual([
        ['client certificate accepted', 'TLS_CLIENT_REJECTED'],
      ]);
      expect(failures[0]?.what).toMatch(SENTENCES[make]);
      expect(failures[0]?.what).toMatch(/\(CN=revoked-client, issuer=CN=Rehearsal Root CA, notAfter=\d{4}/);
      expect(finding(run, 'TLS version and cipher')).toContain(version);
      expect(finding(run, 'server trust')).toContain('ok: ');
      expect(finding(run, 'client certificate asked for')).toContain('ok: ');
      expect(finding(run, 'client certificate sent')).toContain('ok: ');
      expect(Number(run.outputs['request-count'])).toBeLessThanOrEqual(1);
    });
  });
});
