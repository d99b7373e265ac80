import type { Code } from '../../codes.ts';
import type { WireResponse } from '../../connection/exchange.ts';
import { Failure, type FailureFacts, type FailureKind } from '../../signing/policy/failure.ts';

type Row = readonly [kind: FailureKind, code: Code, hint: string, facts?: FailureFacts];

const BUSY = 'The service is overloaded or limits requests; lower concurrency if this happens often.';
const DOWN = 'The service, or what it depends on, is in trouble; ask its operators.';
const NOT_IT = 'Check server-url and sign-path: this may not be the signing service.';

const ROWS: Readonly<Record<number, Row>> = {
  401: ['request', 'UNAUTHORIZED', authHint(), { endsRun: 'unauthorised', maxAttempts: 3 }],
  403: ['request', 'FORBIDDEN', authHint(), { endsRun: 'unauthorised', maxAttempts: 3 }],
  404: ['file', 'NOT_FOUND', NOT_IT, { endsRun: 'first-four-files' }],
  405: ['file', 'METHOD_REFUSED', NOT_IT, { endsRun: 'first-four-files' }],
  407: ['config', 'PROXY_AUTHENTICATION', 'Put the credentials of the proxy into https_proxy.'],
  408: ['service', 'REQUEST_TIMEOUT', BUSY],
  413: [
    'file',
    'FILE_TOO_LARGE_FOR_SERVER',
    'Leave the file out with an exclude pattern, or have the limit of the service raised.',
  ],
  425: ['service', 'TOO_EARLY', BUSY],
  429: ['service', 'THROTTLED', BUSY, { throttled: true }],
  500: ['request', 'SERVER_ERROR', DOWN],
  501: ['config', 'NOT_IMPLEMENTED', NOT_IT],
  502: ['service', 'BAD_GATEWAY', DOWN],
  503: ['service', 'UNAVAILABLE', DOWN, { throttled: true }],
  504: ['service', 'GATEWAY_TIMEOUT', DOWN],
  505: ['config', 'HTTP_VERSION_REFUSED', NOT_IT],
  507: ['service', 'STORAGE_FULL', DOWN],
  511: ['config', 'NETWORK_LOGIN', 'The network wants a login first: use a runner inside the right network.'],
};

function authHint(): string {
  return 'Check app-key and app-secret (no quotes, nothing missing), that they belong to this service, and the clock of the runner.';
}

/** What is known beside the answer. */
export interface AnswerFacts {
  /** Of the file, in bytes. */
  readonly size: number;
  readonly retryAfterMs: number | undefined;
}

/** Says what an answer other than 200 means. */
export function statusFailure(response: WireResponse, { size, retryAfterMs }: AnswerFacts): Failure {
  const { status } = response;
  const asked = retryAfterMs === undefined ? {} : { retryAfterMs };
  const text = response.body.toString('utf8', 0, 4096);
  if (status >= 300 && status < 400) return redirect(response);
  if (status === 400) return badRequest(text, asked);
  const [kind, code, hint, facts] = ROWS[status] ?? otherRow(status);
  const retried = status === 413 && retryAfterMs !== undefined ? 'service' : kind;
  const about = status === 413 ? ` to a file of ${size} bytes` : '';
  const message = `The service answered ${status}${about}${detail(text)}.`;
  return new Failure(retried, code, message, { ...facts, ...asked, hint });
}

function otherRow(status: number): Row {
  if (status >= 500) return ['request', 'SERVER_ERROR', DOWN];
  if (status >= 400)
    return [
      'file',
      'REQUEST_REFUSED',
      'Show this answer to the operators of the service.',
      { endsRun: 'first-four-files' },
    ];
  return ['request', 'STATUS_UNEXPECTED', NOT_IT, { maxAttempts: 3 }];
}

function redirect({ status, headers }: WireResponse): Failure {
  const location = String(headers['location'] ?? '');
  // The path of a redirect may hold tokens; its origin is enough to see what happened.
  const target = URL.canParse(location) ? ` to ${new URL(location).origin.slice(0, 200)}` : '';
  return new Failure(
    'config',
    'HTTP_REDIRECT',
    `The service answered ${status}, a redirect${target}, which is never followed.`,
    {
      hint: 'Put the final address into server-url and sign-path; a redirect to a login page means that this is not the API.',
    },
  );
}

const NGINX_PAGES: readonly (readonly [string, string])[] = [
  ['No required SSL certificate was sent', 'it got no client certificate it accepts'],
  ['The SSL certificate error', 'it could not verify our client certificate'],
];

function badRequest(text: string, asked: FailureFacts): Failure {
  const page = NGINX_PAGES.find(([title]) => text.includes(title));
  if (page) {
    return new Failure(
      'config',
      'TLS_CLIENT_REJECTED',
      `The server refused our client certificate: ${page[1]} (400 “${page[0]}”).`,
      {
        hint: 'Check that cert is the certificate the service expects, with its intermediates, not expired and not revoked.',
      },
    );
  }
  if (/"(ThrottlingException|SlowDown|TooManyRequests|Throttling)"/.test(text)) {
    return new Failure('service', 'THROTTLED', `The service answered 400${detail(text)}.`, {
      ...asked,
      hint: BUSY,
      throttled: true,
    });
  }
  return new Failure('file', 'REQUEST_REFUSED', `The service answered 400${detail(text)}.`, {
    ...asked,
    hint: 'Show this answer to the operators of the service.',
    endsRun: 'first-four-files',
  });
}

/** Quotes the `code` and `message` of a JSON error, at most 200 characters of them, or the title of a page. */
function detail(text: string): string {
  const title = /<title[^>]*>([^<]{1,100})/i.exec(text)?.[1];
  if (title) return `, a page titled “${title.trim()}”`;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return '';
    const parts = [read(value, 'code'), read(value, 'message') ?? read(value, 'error')].filter(Boolean);
    const said = parts.join(' ').slice(0, 200);
    return said ? `: ${said.replace(/[.\s]+$/, '')}` : '';
  } catch {
    return '';
  }
}

function read(value: object, name: string): string | undefined {
  const field: unknown = Object.entries(value).find(([key]) => key === name)?.[1];
  return typeof field === 'string' || typeof field === 'number' ? String(field) : undefined;
}
