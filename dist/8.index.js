export const id = 8;
export const ids = [8];
export const modules = { 16008: ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {
	__webpack_require__.d(__webpack_exports__, { startService: () => startService });
	var external_node_crypto_ = __webpack_require__(77598);
	var errors = __webpack_require__(27406);
	var external_node_util_ = __webpack_require__(57975);
	var Reflect = __webpack_require__(80477);
	var external_node_net_ = __webpack_require__(77030);
	var x509_cjs = __webpack_require__(8927);
	;
	const EC_P256 = {
		name: "ECDSA",
		namedCurve: "P-256",
		hash: "SHA-256"
	};
	const MINUTE_MS = 6e4;
	const DAY_MS = 24 * 60 * MINUTE_MS;
	function extensionsOf(options) {
		const authority = options.authority ?? false;
		const flags = authority ? x509_cjs.Ob.keyCertSign | x509_cjs.Ob.cRLSign : x509_cjs.Ob.digitalSignature;
		const extensions = [new x509_cjs.WA(authority, undefined, true), new x509_cjs.hy(flags, true)];
		const usages = (options.usages ?? []).map((usage) => usage === "client" ? x509_cjs.CD.clientAuth : x509_cjs.CD.serverAuth);
		if (usages.length > 0) extensions.push(new x509_cjs.j6(usages));
		const names = (options.hosts ?? []).map((host) => ({
			type: (0, external_node_net_.isIP)(host) === 0 ? "dns" : "ip",
			value: host
		}));
		if (names.length > 0) extensions.push(new x509_cjs.Wx(names));
		return extensions;
	}
	async function issueCertificate(issuer, options) {
		const keys = await crypto.subtle.generateKey(EC_P256, true, ["sign", "verify"]);
		const subject = [{ CN: [options.commonName] }];
		const certificate = await x509_cjs.Jy.create({
			subject,
			issuer: issuer?.certificate.subject ?? subject,
			publicKey: keys.publicKey,
			signingKey: issuer?.privateKey ?? keys.privateKey,
			signingAlgorithm: EC_P256,
			notBefore: options.notBefore ?? new Date(Date.now() - 5 * MINUTE_MS),
			notAfter: options.notAfter ?? new Date(Date.now() + DAY_MS),
			extensions: [
				...extensionsOf(options),
				await x509_cjs.QE.create(keys.publicKey),
				await x509_cjs.Z$.create(issuer?.certificate.publicKey ?? keys.publicKey)
			]
		});
		const isFromRoot = issuer?.certificate.subject === issuer?.certificate.issuer;
		const issuers = issuer === undefined || isFromRoot ? "" : issuer.cert;
		return {
			cert: `${certificate.toString("pem")}\n${issuers}`,
			key: external_node_crypto_.KeyObject.from(keys.privateKey).export({
				type: "pkcs8",
				format: "pem"
			}).toString(),
			certificate,
			privateKey: keys.privateKey
		};
	}
	;
	const LOOPBACK_HOSTS = [
		"localhost",
		"127.0.0.1",
		"::1"
	];
	async function createIssuer(root, intermediate) {
		if (!intermediate) return root;
		return issueCertificate(await root, {
			commonName: "Rehearsal Intermediate CA",
			authority: true
		});
	}
	async function createPki(options = {}) {
		const root = issueCertificate(undefined, {
			commonName: "Rehearsal Root CA",
			authority: true
		});
		const issuer = createIssuer(root, options.intermediate ?? false);
		const server = issuer.then((by) => issueCertificate(by, {
			commonName: "rehearsal-service",
			hosts: [...LOOPBACK_HOSTS, ...options.extraHosts ?? []],
			usages: ["server"],
			...options.server
		}));
		const client = issuer.then((by) => issueCertificate(by, {
			commonName: "rehearsal-client",
			usages: ["client"],
			...options.client
		}));
		const signing = (0, external_node_util_.promisify)(external_node_crypto_.generateKeyPair)("ec", { namedCurve: "P-256" });
		const [made, madeBy, served, presented, pair] = await Promise.all([
			root,
			issuer,
			server,
			client,
			signing
		]);
		return {
			root: made,
			issuer: madeBy,
			server: served,
			client: presented,
			signingKey: pair.privateKey,
			signingPublicKeyPem: pair.publicKey.export({
				type: "spki",
				format: "pem"
			}).toString()
		};
	}
	;
	class Connections {
		#byPort = new Map();
		add(socket) {
			const port = socket.remotePort;
			if (port === undefined) return;
			this.#byPort.set(port, socket);
			socket.once("close", () => {
				if (this.#byPort.get(port) === socket) this.#byPort.delete(port);
			});
		}
		find(port) {
			return port === undefined ? undefined : this.#byPort.get(port);
		}
		destroy() {
			for (const socket of this.#byPort.values()) socket.destroy();
		}
	}
	;
	function startCounters() {
		return {
			connections: 0,
			refusedHandshakes: 0,
			requests: 0,
			signed: 0,
			refused: 0,
			aborted: 0,
			faulted: 0,
			replays: 0,
			signedBytes: 0,
			inFlight: 0,
			mostInFlight: 0
		};
	}
	var promises_ = __webpack_require__(58500);
	;
	function jsonAnswer(status, value, headers = {}) {
		return {
			status,
			headers: {
				"content-type": "application/json",
				...headers
			},
			body: JSON.stringify(value)
		};
	}
	class Aborted extends Error {
		name = "Aborted";
	}
	class Refusal extends Error {
		status;
		code;
		constructor(status, code, message) {
			super(message);
			this.name = "Refusal";
			this.status = status;
			this.code = code;
		}
	}
	function ended(stream) {
		return new Aborted("The request ended early.", { cause: stream.errored });
	}
	class Call {
		parts;
		constructor(parts) {
			this.parts = parts;
		}
		get gone() {
			const { request } = this.parts;
			return "stream" in request ? request.stream.destroyed : request.socket.destroyed;
		}
		get lengthBytes() {
			return Number(this.parts.request.headers["content-length"] ?? 0) || 0;
		}
		async receive(sink = () => {}, untilBytes = Number.POSITIVE_INFINITY) {
			const body = this.parts.request;
			if (body.readableEnded) return;
			let received = 0;
			await new Promise((resolve, reject) => {
				body.on("data", (chunk) => {
					sink(chunk);
					received += chunk.length;
					if (received < untilBytes) return;
					body.pause();
					resolve();
				});
				body.once("end", resolve);
				body.once("error", () => reject(ended(body)));
				body.once("close", () => reject(ended(body)));
			});
		}
		async send(answer) {
			const { response, now, entry } = this.parts;
			if (this.gone) throw new Aborted("The client left before the answer.");
			const body = Buffer.from(answer.body ?? "");
			response.statusCode = answer.status;
			response.setHeader("date", new Date(now()).toUTCString());
			if (answer.status !== 204 && answer.status !== 304) response.setHeader("content-length", body.length);
			for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
			entry.status = answer.status;
			await new Promise((resolve, reject) => {
				response.once("finish", resolve);
				response.once("error", reject);
				response.once("close", () => reject(new Aborted("The client left before the answer.")));
				response.end(body);
			});
		}
		reset() {
			this.parts.connection?.resetAndDestroy();
		}
		async wait(ms) {
			if (ms > 0) await (0, promises_.setTimeout)(ms, undefined, { signal: this.parts.closing });
		}
	}
	;
	const PREFIX = Buffer.from("{\"data\":\"", "latin1");
	const SUFFIX = Buffer.from("\"}", "latin1");
	const PIECE_CHARACTERS = 64 * 1024;
	const SHORTEST_BODY_BYTES = PREFIX.length + SUFFIX.length;
	const decoded = Buffer.alloc(PIECE_CHARACTERS);
	class BodyReader {
		#lengthBytes;
		#sink;
		#position = 0;
		#carry = "";
		#problem;
		#decodedBytes = 0;
		constructor(lengthBytes, sink) {
			this.#lengthBytes = lengthBytes;
			this.#sink = sink;
		}
		push(chunk) {
			let at = 0;
			while (at < chunk.length && this.#problem === undefined) {
				const from = this.#position;
				const left = this.#lengthBytes - SUFFIX.length - from;
				if (from < PREFIX.length) this.#matchFrame(chunk[at], PREFIX[from]);
				else if (left % 4 !== 0 && from === PREFIX.length) this.#refuseLength();
				else if (left <= 0) this.#matchFrame(chunk[at], SUFFIX[-left]);
				else this.#decode(chunk.subarray(at, at + Math.min(left, PIECE_CHARACTERS - 4)));
				at += this.#position - from;
			}
			this.#position += chunk.length - at;
		}
		finish() {
			if (this.#position !== this.#lengthBytes) {
				throw new Refusal(400, "LENGTH_MISMATCH", "The body is not as long as Content-Length says.");
			}
			if (this.#problem !== undefined) throw this.#problem;
			return this.#decodedBytes;
		}
		#matchFrame(actual, expected) {
			this.#position += 1;
			if (actual !== expected) {
				this.#problem = new Refusal(400, "BODY_INVALID", `The body is not exactly {"data":"<base64>"}: it differs at byte ${this.#position - 1}.`);
			}
		}
		#refuseLength() {
			this.#problem = new Refusal(400, "BASE64_INVALID", "The length of the base64 text in \"data\" is not a multiple of 4.");
		}
		#decode(slice) {
			this.#position += slice.length;
			const text = this.#carry + slice.toString("latin1");
			const whole = text.length - text.length % 4;
			this.#carry = text.slice(whole);
			const groups = text.slice(0, whole);
			const size = decoded.write(groups, "base64");
			const last = this.#position === this.#lengthBytes - SUFFIX.length;
			if (decoded.toString("base64", 0, size) !== groups || !last && groups.endsWith("=")) {
				this.#problem = new Refusal(400, "BASE64_INVALID", "\"data\" is not canonical standard base64.");
				return;
			}
			this.#decodedBytes += size;
			this.#sink(decoded.subarray(0, size));
		}
	}
	;
	function findHeaders(request, name) {
		return request.rawHeaders.filter((_, at) => at % 2 === 1 && request.rawHeaders[at - 1]?.toLowerCase() === name);
	}
	function readHeader(request, name) {
		const [value, ...others] = findHeaders(request, name);
		if (value === undefined) throw new Refusal(400, "HEADER_MISSING", `The header ${name} is missing.`);
		if (others.length > 0) throw new Refusal(400, "HEADER_REPEATED", `The header ${name} is there more than once.`);
		return value;
	}
	function readLength(request) {
		const [text] = findHeaders(request, "content-length");
		if (text === undefined) throw new Refusal(411, "LENGTH_REQUIRED", "A Content-Length is required, and no Transfer-Encoding.");
		const lengthBytes = Number(text);
		if (lengthBytes < SHORTEST_BODY_BYTES) throw new Refusal(400, "LENGTH_INVALID", "Content-Length is too small for {\"data\":\"\"}.");
		return lengthBytes;
	}
	function checkTarget(request, rules) {
		if (request.url !== rules.pathPrefix + rules.signPath) {
			throw new Refusal(404, "PATH_UNKNOWN", "There is nothing at this path and query.");
		}
		if (request.method !== "POST") throw new Refusal(405, "METHOD_NOT_ALLOWED", "Only POST is allowed.");
		if (readHeader(request, "content-type") !== "application/json") {
			throw new Refusal(415, "CONTENT_TYPE_INVALID", "Content-Type must be exactly application/json.");
		}
	}
	function readMatch(request, name, rule) {
		const value = readHeader(request, name);
		if (!rule.form.test(value)) throw rule.refusal;
		return value;
	}
	function readHeaderClaims(request, rules, nowMs) {
		checkTarget(request, rules);
		const lengthBytes = readLength(request);
		const appKey = readHeader(request, "es-auth-appkey");
		const nonce = readMatch(request, "es-auth-nonce", {
			form: /^[A-Za-z0-9]{16}$/,
			refusal: new Refusal(400, "NONCE_INVALID", "es-auth-nonce must be 16 letters or digits.")
		});
		const timestamp = readMatch(request, "es-auth-timestamp", {
			form: /^(0|[1-9][0-9]{0,14})$/,
			refusal: new Refusal(400, "TIMESTAMP_INVALID", "es-auth-timestamp must be whole milliseconds since the epoch.")
		});
		const sign = readMatch(request, "es-auth-sign", {
			form: /^[0-9a-f]{64}$/,
			refusal: new Refusal(400, "SIGN_INVALID", "es-auth-sign must be 64 lower-case hex digits.")
		});
		if (!rules.nonces.add(nonce)) {
			throw new Refusal(401, "NONCE_REUSED", "es-auth-nonce was used before.");
		}
		if (appKey !== rules.appKey) throw new Refusal(401, "APP_KEY_UNKNOWN", "es-auth-appkey is not known.");
		if (Math.abs(Number(timestamp) - nowMs) > rules.windowMs) {
			throw new Refusal(401, "TIMESTAMP_OUTSIDE_WINDOW", `es-auth-timestamp is more than ${rules.windowMs} ms off.`);
		}
		return {
			nonce,
			timestamp,
			sign,
			lengthBytes
		};
	}
	;
	const PIECE_BYTES = 32 * 1024;
	const UNRESERVED = /[A-Za-z0-9\-_.~]/;
	const QUOTED_WORDS = new Uint32Array(256);
	const QUOTED_LENGTHS = new Uint8Array(256);
	for (let byte = 0; byte < 256; byte++) {
		const character = String.fromCharCode(byte);
		const quoted = UNRESERVED.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
		QUOTED_LENGTHS[byte] = quoted.length;
		QUOTED_WORDS[byte] = Buffer.from(quoted.padEnd(4, "\0"), "latin1").readUInt32LE();
	}
	const scratch = new Uint8Array(3 * PIECE_BYTES + 2);
	function quoteIntoScratch(bytes) {
		let end = 0;
		for (let at = 0; at < bytes.length; at++) {
			const byte = bytes[at] ?? 0;
			const word = QUOTED_WORDS[byte] ?? 0;
			scratch[end] = word;
			scratch[end + 1] = word >>> 8;
			scratch[end + 2] = word >>> 16;
			end += QUOTED_LENGTHS[byte] ?? 0;
		}
		return end;
	}
	class QuotedHash {
		#hash = (0, external_node_crypto_.createHash)("sha256");
		update(input) {
			const bytes = typeof input === "string" ? Buffer.from(input, "utf8") : input;
			for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
				const end = quoteIntoScratch(bytes.subarray(at, at + PIECE_BYTES));
				this.#hash.update(scratch.subarray(0, end));
			}
			return this;
		}
		digest() {
			return this.#hash.digest("hex");
		}
	}
	function startRequestHash(head) {
		return new QuotedHash().update(head.method).update(head.path).update(`es-auth-appkey:${head.appKey}`).update(`es-auth-nonce:${head.nonce}`).update(`es-auth-timestamp:${head.timestamp}`).update("json=");
	}
	;
	async function serveCall(context, call, otherwise) {
		const claims = readOrRefuse(context, call);
		const judge = async () => {
			const answer = await judgeCall(context, call, claims);
			await call.wait(context.delayMs);
			return answer;
		};
		if (otherwise) await otherwise(call, judge);
		else await call.send(await judge());
	}
	function readOrRefuse(context, call) {
		const { request, now } = call.parts;
		const facts = {
			method: request.method ?? "",
			url: request.url ?? "",
			rawHeaders: request.rawHeaders
		};
		try {
			return readHeaderClaims(facts, context.rules, now());
		} catch (error) {
			if (!(error instanceof Refusal)) throw error;
			if (error.code === "NONCE_REUSED") context.counters.replays += 1;
			return error;
		}
	}
	async function judgeCall(context, call, claims) {
		const { entry } = call.parts;
		try {
			if (claims instanceof Refusal) {
				await call.receive();
				throw claims;
			}
			const signData = await signBody(context, call, claims);
			entry.verdict = "signed";
			context.counters.signed += 1;
			return jsonAnswer(200, { signData });
		} catch (error) {
			if (!(error instanceof Refusal)) throw error;
			entry.verdict = "refused";
			entry.code = error.code;
			context.counters.refused += 1;
			const allow = error.status === 405 ? { allow: "POST" } : {};
			return jsonAnswer(error.status, {
				code: error.code,
				message: error.message
			}, allow);
		}
	}
	async function signBody(context, call, claims) {
		const { rules, counters } = context;
		const { entry } = call.parts;
		const hash = startRequestHash({
			method: "POST",
			path: rules.signPath,
			appKey: rules.appKey,
			nonce: claims.nonce,
			timestamp: claims.timestamp
		});
		const signer = (0, external_node_crypto_.createSign)("sha256");
		const content = context.record ? (0, external_node_crypto_.createHash)("sha256") : undefined;
		const body = new BodyReader(claims.lengthBytes, (bytes) => {
			signer.update(bytes);
			content?.update(bytes);
		});
		await call.receive((chunk) => {
			hash.update(chunk);
			body.push(chunk);
		});
		const bytes = body.finish();
		if (hash.update(rules.appSecret).digest() !== claims.sign) {
			throw new Refusal(401, "SIGN_MISMATCH", "es-auth-sign does not fit this request and the secret of this app key.");
		}
		entry.bytes = bytes;
		entry.sha256 = content?.digest("hex");
		counters.signedBytes += bytes;
		return signer.sign(context.signingKey, "base64");
	}
	;
	function createHandler(reception) {
		const { counters, connections, intervene, closing, now, log } = reception;
		return (request, response) => {
			const connection = connections.find(request.socket.remotePort);
			const entry = openEntry(counters.requests, request, connection);
			const call = new Call({
				request,
				response,
				connection,
				closing,
				now,
				entry
			});
			if (reception.record) {
				entry.clientSubject = request.socket.getPeerX509Certificate()?.subject;
				log.push(entry);
			}
			counters.requests += 1;
			counters.inFlight += 1;
			counters.mostInFlight = Math.max(counters.mostInFlight, counters.inFlight);
			const otherwise = intervene?.(call, counters);
			if (otherwise) counters.faulted += 1;
			void serve(reception, call, () => serveCall(reception, call, otherwise));
		};
	}
	async function serve(reception, call, exchange) {
		const { counters } = reception;
		try {
			await exchange();
		} catch (error) {
			counters.aborted += 1;
			if (error instanceof Aborted || reception.closing.aborted || call.gone) return;
			const message = error instanceof Error ? error.message : String(error);
			await call.send(jsonAnswer(500, {
				code: "INTERNAL",
				message
			})).catch(() => call.reset());
		} finally {
			counters.inFlight -= 1;
		}
	}
	function openEntry(index, request, connection) {
		return {
			index,
			method: request.method ?? "",
			path: request.url ?? "",
			nonce: readOne(request.headers["es-auth-nonce"]),
			timestamp: readOne(request.headers["es-auth-timestamp"]),
			remotePort: connection?.remotePort
		};
	}
	function readOne(value) {
		return typeof value === "string" ? value : value?.join();
	}
	;
	class Nonces {
		#keepMs;
		#monotonicMs;
		#turnedAtMs = Number.NEGATIVE_INFINITY;
		#recent = new Set();
		#older = new Set();
		constructor(keepMs, monotonicMs) {
			this.#keepMs = keepMs;
			this.#monotonicMs = monotonicMs;
		}
		add(nonce) {
			const nowMs = this.#monotonicMs();
			if (nowMs - this.#turnedAtMs >= this.#keepMs) {
				this.#older = nowMs - this.#turnedAtMs >= 2 * this.#keepMs ? new Set() : this.#recent;
				this.#recent = new Set();
				this.#turnedAtMs = nowMs;
			}
			if (this.#recent.has(nonce) || this.#older.has(nonce)) return false;
			this.#recent.add(nonce);
			return true;
		}
		get size() {
			return this.#recent.size + this.#older.size;
		}
	}
	var external_node_http2_ = __webpack_require__(32467);
	var external_node_https_ = __webpack_require__(44708);
	;
	const HTTP2_WINDOW_BYTES = 1024 * 1024;
	function createServer(options, handler) {
		const tls = {
			cert: options.tls.cert,
			key: options.tls.key,
			ca: options.tls.clientAuthority,
			requestCert: true,
			rejectUnauthorized: true,
			minVersion: options.tls.minVersion ?? "TLSv1.2",
			maxVersion: options.tls.maxVersion ?? "TLSv1.3"
		};
		if (!options.http2) {
			const timeouts = {
				requestTimeout: 0,
				headersTimeout: 0,
				keepAliveTimeout: options.keepAliveTimeoutMs
			};
			return (0, external_node_https_.createServer)({
				...tls,
				...timeouts
			}, handler);
		}
		const server = (0, external_node_http2_.createSecureServer)({
			...tls,
			allowHTTP1: true,
			settings: { initialWindowSize: HTTP2_WINDOW_BYTES }
		});
		server.on("session", (session) => session.setLocalWindowSize(16 * HTTP2_WINDOW_BYTES));
		server.on("request", handler);
		return server;
	}
	;
	async function startService(options = {}) {
		const pki = options.pki ?? await createPki();
		const stop = new AbortController();
		const reception = createReception(options, pki, stop.signal);
		const { cert, key } = pki.server;
		const server = createServer({
			tls: {
				cert,
				key,
				clientAuthority: pki.root.cert,
				...options.tls
			},
			http2: options.http2 ?? false,
			keepAliveTimeoutMs: options.keepAliveTimeoutMs ?? 0
		}, createHandler(reception));
		watchConnections(server, reception, options.acceptConnection ?? (() => true));
		const port = await listen(server, options.port ?? 0);
		const { appKey, appSecret, signPath, pathPrefix } = reception.rules;
		return {
			url: `https://127.0.0.1:${port}${pathPrefix}`,
			port,
			signPath,
			appKey,
			appSecret,
			pki,
			credentials: {
				cert: pki.client.cert,
				key: pki.client.key,
				chain: pki.root.cert,
				appKey,
				appSecret,
				verifyKeyPem: pki.signingPublicKeyPem
			},
			counters: reception.counters,
			log: reception.log,
			close: () => service_close(server, reception.connections, stop)
		};
	}
	function createReception(options, pki, closing) {
		const windowMs = options.windowMs ?? 5 * 6e4;
		return {
			rules: {
				appKey: options.appKey ?? "rehearsal",
				appSecret: options.appSecret ?? (0, external_node_crypto_.randomBytes)(24).toString("hex"),
				pathPrefix: options.pathPrefix ?? "",
				signPath: options.signPath ?? "/api/v1/sign_file",
				windowMs,
				nonces: new Nonces(2 * windowMs, () => performance.now())
			},
			signingKey: pki.signingKey,
			counters: startCounters(),
			delayMs: options.delayMs ?? 0,
			record: options.record ?? false,
			connections: new Connections(),
			intervene: options.intervene,
			closing,
			now: options.now ?? Date.now,
			log: []
		};
	}
	function watchConnections(server, reception, accept) {
		const { counters } = reception;
		server.on("connection", (socket) => {
			reception.connections.add(socket);
			if (!accept(counters.connections++)) socket.resetAndDestroy();
		});
		server.on("tlsClientError", () => {
			counters.refusedHandshakes += 1;
		});
	}
	async function listen(server, port) {
		await new Promise((resolve, reject) => {
			server.once("error", (cause) => reject(new errors.lZ("SERVICE_NOT_STARTED", `The embedded signing service cannot listen on 127.0.0.1:${port}.`, {
				hint: "Choose another port, or leave the choice to the system.",
				cause
			})));
			server.listen(port, "127.0.0.1", resolve);
		});
		const address = server.address();
		return typeof address === "object" && address !== null ? address.port : port;
	}
	async function service_close(server, connections, stop) {
		stop.abort();
		const closed = new Promise((resolve) => server.close(() => resolve()));
		connections.destroy();
		await closed;
	}
}) };
