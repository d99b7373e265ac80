export const id = 916;
export const ids = [916];
export const modules = { 55916: ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {
	__webpack_require__.r(__webpack_exports__);
	__webpack_require__.d(__webpack_exports__, { preflight: () => preflight });
	var addresses = __webpack_require__(3317);
	var proxy_proxy = __webpack_require__(51949);
	var connection_route = __webpack_require__(83551);
	var errors = __webpack_require__(27406);
	var output_tree = __webpack_require__(89310);
	var identity_identity = __webpack_require__(9624);
	var material_anchors = __webpack_require__(37078);
	var certificate = __webpack_require__(43879);
	var address_fields = __webpack_require__(7593);
	var finding = __webpack_require__(46800);
	var client = __webpack_require__(11361);
	var text_blocks = __webpack_require__(89238);
	;
	const INPUTS = [
		"cert",
		"key",
		"chain"
	];
	const BY_CODE = {
		IDENTITY_KEY_MISMATCH: "key matches cert",
		IDENTITY_EXPIRED: "validity",
		IDENTITY_NOT_YET_VALID: "validity"
	};
	const DAY_MS = 24 * 3600 * 1e3;
	function checkIdentityText(text, options) {
		const startedAt = performance.now();
		const inspection = (0, identity_identity.jl)(text, options);
		const inspectMs = performance.now() - startedAt;
		const { identity, problems, warnings, notices } = inspection;
		const leaf = identity ? identity.certificates[0] : (0, client.O)(text).chain?.leaf.x509;
		const bad = [...problems.map(toFinding), ...warnings.map((text) => (0, finding.k9)(checkOfWarning(text), text))];
		const same = identity && `SHA-256 of the public key (SPKI) is ${identity.certificate.publicKeySha256} for both`;
		const good = [
			...INPUTS.flatMap((input) => describeInput(input, text)),
			...same ? [(0, finding.bF)("key matches cert", same, inspectMs)] : [],
			...leaf ? [(0, finding.bF)("validity", describeValidity(leaf, options.now)), (0, finding.bF)("client use", CLIENT_USE)] : []
		].filter(({ check }) => bad.every((finding) => finding.check !== check));
		return {
			inspection,
			leaf,
			findings: [
				...good,
				...bad,
				...notices.map((notice) => (0, finding.bF)("tidied", notice))
			]
		};
	}
	function checkChainText(chain, options) {
		const { problems, warnings } = (0, identity_identity.Zt)(chain, options);
		const bad = [...problems.map((problem) => (0, finding.gz)("chain", problem)), ...warnings.map((text) => (0, finding.k9)("chain", text))];
		const text = {
			cert: undefined,
			key: undefined,
			keyPassphrase: undefined,
			chain
		};
		const inspection = {
			identity: undefined,
			problems,
			notices: [],
			warnings
		};
		return {
			inspection,
			leaf: undefined,
			findings: bad.length > 0 ? bad : describeInput("chain", text)
		};
	}
	const CLIENT_USE = "the client certificate may be used for client authentication";
	function toFinding(problem) {
		const check = BY_CODE[problem.code] ?? inputIn(problem.message);
		return problem.code === "CREDENTIALS_MISSING" ? (0, finding.lb)(check, problem.message) : (0, finding.gz)(check, problem);
	}
	function checkOfWarning(text) {
		if (text.includes("not issued for client authentication")) return "client use";
		return text.includes("the client certificate") ? "validity" : inputIn(text);
	}
	function inputIn(text) {
		return /\binput (cert|key-passphrase|key|chain)\b/.exec(text)?.[1] ?? "cert";
	}
	function describeInput(input, text) {
		const value = text[input];
		if ((0, text_blocks.z3)(value)) return input === "key" ? [(0, finding.bF)("key", "input key is empty; the key is looked for in cert")] : [];
		const startedAt = performance.now();
		const { blocks } = (0, text_blocks.v_)(input, value);
		if (blocks.length === 0) return [];
		const labels = new Map();
		for (const { label } of blocks) labels.set(label, (labels.get(label) ?? 0) + 1);
		const counted = [...labels].map(([label, count]) => `${count} × ${label}`).join(", ");
		return [(0, finding.bF)(input, `input ${input} holds ${counted}, read whole`, performance.now() - startedAt)];
	}
	function describeValidity(leaf, now) {
		const days = Math.floor((leaf.validToDate.getTime() - now.getTime()) / DAY_MS);
		const dates = `${leaf.validFromDate.toISOString()} to ${leaf.validToDate.toISOString()}`;
		return `${(0, certificate.vm)(leaf.subject)}, issued by ${(0, certificate.vm)(leaf.issuer)}, is valid from ${dates}, ${days} more days`;
	}
	var diagnosis = __webpack_require__(68157);
	var own_certificate = __webpack_require__(69406);
	var probe = __webpack_require__(9716);
	var check = __webpack_require__(77259);
	var failure = __webpack_require__(74318);
	var schedule_clock = __webpack_require__(23881);
	var sent_bytes = __webpack_require__(45109);
	;
	const CANARY = Buffer.from("mtls-release-signing: a preflight check, not a release\n");
	const CANARY_PATH = "mtls-release-signing-preflight.txt";
	const MAX_PAUSE_MS = 5e3;
	async function sendCanary(options) {
		const { transport, clock, now, attempts } = options;
		const startedAt = clock.now();
		let answer;
		const signer = options.createSigner({
			...transport,
			async post(request, signal) {
				const response = await transport.post(request, signal);
				answer = {
					response,
					at: now()
				};
				return response;
			}
		});
		const used = [];
		let result = await tryOnce(signer, options, used);
		const first = result.failure;
		const pauseMs = first && answer && attempts > 1 ? pauseAfter(first) : undefined;
		if (pauseMs !== undefined) {
			await (0, schedule_clock.yy)(clock, pauseMs);
			result = await tryOnce(signer, options, used);
		}
		const date = Date.parse(String(answer?.response.headers["date"] ?? ""));
		return {
			...result,
			firstFailure: pauseMs === undefined ? undefined : first,
			isAnswered: answer !== undefined,
			skewMs: answer && !Number.isNaN(date) ? date - answer.at : undefined,
			ms: clock.now() - startedAt
		};
	}
	async function tryOnce(signer, { clock, timeoutMs, signal }, used) {
		const controller = new AbortController();
		const cancelTimeout = clock.after(timeoutMs, () => controller.abort((0, failure.iU)(timeoutMs)));
		const both = AbortSignal.any([signal, controller.signal]);
		try {
			const { text } = await signer.sign((0, sent_bytes.P)(CANARY_PATH, CANARY), both, used);
			return {
				text,
				failure: undefined
			};
		} catch (error) {
			return {
				text: undefined,
				failure: (0, failure.h_)(both.aborted ? both.reason : error)
			};
		} finally {
			cancelTimeout();
		}
	}
	function pauseAfter({ kind, facts, code }) {
		if (kind !== "service" && kind !== "request" || code === "TIMEOUT") return undefined;
		const pauseMs = Math.max(facts.throttled ? 1e3 : 250, facts.retryAfterMs ?? 0);
		return pauseMs > MAX_PAUSE_MS ? undefined : pauseMs;
	}
	;
	const MAX_SKEW_MS = 3e4;
	async function describeCanary(outcome, reason, verification) {
		if (outcome === undefined) {
			return [
				"canary request",
				"signature",
				"clock"
			].map((check) => (0, finding.lb)(check, reason));
		}
		return [
			describeRequest(outcome),
			await describeSignature(outcome, verification),
			describeClock(outcome)
		];
	}
	function describeRequest({ text, failure, firstFailure, ms }) {
		if (failure) return (0, finding.gz)("canary request", failure, ms);
		const signed = `${CANARY.length} bytes signed: the signature has ${text?.length ?? 0} characters`;
		if (firstFailure === undefined) return (0, finding.bF)("canary request", signed, ms);
		const what = `${signed}, but only at the second try; first: ${firstFailure.message}`;
		return {
			...(0, finding.k9)("canary request", what, firstFailure.hint),
			ms
		};
	}
	async function describeSignature({ text }, verification) {
		if (text === undefined) return (0, finding.lb)("signature", "the canary was not signed");
		if (verification === undefined) return (0, finding.lb)("signature", "verify-key is empty");
		const startedAt = performance.now();
		const problem = await findFault(text, verification);
		const ms = performance.now() - startedAt;
		if (problem) return (0, finding.gz)("signature", problem, ms);
		const { key, algorithm } = verification.verifier;
		return (0, finding.bF)("signature", `valid as ${algorithm.name} with the public key ${key.spkiSha256}`, ms);
	}
	async function findFault(text, verification) {
		const { verifier, encoding } = verification;
		try {
			if (await (0, check.fn)(text, verifier.whole(CANARY), encoding)) return undefined;
			const { error } = await (0, check.Dy)("canary", { read: () => [CANARY] }, {
				...verification,
				text
			});
			return new errors.lZ("SIGNATURE_INVALID", `the signature of the canary is not valid for its bytes (${verifier.algorithm.name})`, { hint: error.hint ?? "" });
		} catch (error) {
			return (0, errors.ie)(error, "SIGNATURE_INVALID", "the signature of the canary cannot be checked");
		}
	}
	function describeClock({ skewMs }) {
		if (skewMs === undefined) return (0, finding.lb)("clock", "no answer of the service gave its time");
		const seconds = Math.round(skewMs / 1e3);
		if (Math.abs(skewMs) <= MAX_SKEW_MS) {
			return (0, finding.bF)("clock", `the clocks of the service and of this machine agree within ${Math.abs(seconds) + 1} s`);
		}
		return (0, finding.k9)("clock", `the clock of the service is ${Math.abs(seconds)} s ${seconds > 0 ? "ahead of" : "behind"} this machine's`, "Correct whichever clock is wrong. Requests are dated by the service's clock once it refuses one.");
	}
	var external_node_net_ = __webpack_require__(77030);
	var dial_failure = __webpack_require__(57896);
	;
	function failureOf(handshake, { origin }) {
		if (handshake.end === "open") return undefined;
		return (0, diagnosis.$f)(handshake, origin) ?? (0, dial_failure.t)(handshake.error, origin);
	}
	function describeNetwork(handshake, server, proxy) {
		if (proxy) return describeTunnel(handshake, server, proxy);
		const { hostname, port } = (0, connection_route.$r)(server);
		const { address, lookupMs = 0, connectMs, deadAddresses } = handshake;
		const failure = failureOf(handshake, server);
		if (failure?.code.startsWith("DNS_")) {
			return [(0, finding.gz)("host name", failure, lookupMs), (0, finding.lb)("TCP", "the host name has no address")];
		}
		const name = (0, external_node_net_.isIP)(hostname) ? (0, finding.bF)("host name", `${hostname} is an address`) : address === undefined ? (0, finding.lb)("host name", "no answer came") : (0, finding.bF)("host name", `${hostname} leads to ${address}`, lookupMs);
		const connected = `connected to ${address ?? hostname}:${port}`;
		if (connectMs !== undefined && deadAddresses.length > 0) return [name, describeDead(connected, deadAddresses)];
		if (connectMs !== undefined) return [name, (0, finding.bF)("TCP", connected, connectMs)];
		return [name, failure ? (0, finding.gz)("TCP", failure) : (0, finding.lb)("TCP", "the run ended before")];
	}
	function describeDead(connected, deadAddresses) {
		return (0, finding.k9)("TCP", `${connected}; other addresses of the host cannot be connected: ${deadAddresses.join(", ")}`, "The run tries them last after their first failure, which may take 2.5 s each. Ask the operators whether these addresses belong in DNS. A runner without IPv6 gets no answer from IPv6 addresses.");
	}
	function describeTunnel(handshake, server, proxy) {
		const name = (0, finding.lb)("host name", "the proxy looks it up");
		const { connectMs } = handshake;
		const failure = failureOf(handshake, server);
		if (connectMs === undefined && failure) return [name, (0, finding.gz)("proxy", failure)];
		return [name, (0, finding.bF)("proxy", `connected through ${proxy.origin}`, connectMs)];
	}
	var server_certificate = __webpack_require__(53015);
	;
	const CHECKS = [
		"TLS version and cipher",
		"server certificate",
		"server trust",
		"client certificate asked for",
		"client certificate sent",
		"client certificate accepted"
	];
	function describeTls(handshake, facts) {
		const { connectMs, version } = handshake;
		if (connectMs === undefined) return CHECKS.map((check) => (0, finding.lb)(check, "there is no connection to the server"));
		if (version === undefined) {
			const failure = failureOf(handshake, facts.server);
			const [first, ...others] = CHECKS;
			const begun = failure ? (0, finding.gz)(first, failure) : (0, finding.lb)(first, "the run ended before");
			return [begun, ...others.map((check) => (0, finding.lb)(check, "there was no TLS handshake"))];
		}
		return [
			(0, finding.bF)(CHECKS[0], [version, handshake.cipher].filter(Boolean).join(", "), handshake.handshakeMs),
			...describeServer(handshake, facts),
			describeAsked(handshake),
			describeSent(handshake, facts),
			describeAccepted(handshake, facts)
		];
	}
	function describeResumption(resumption, server) {
		const check = "session resumption";
		if (resumption.end === "open") {
			const what = resumption.isResumed ? "the server resumes sessions" : "the server takes full handshakes only";
			return (0, finding.bF)(check, what, resumption.handshakeMs);
		}
		const reason = failureOf(resumption, server)?.message.replace(/\.$/, "") ?? "no reason was given";
		return (0, finding.k9)(check, `the server breaks off handshakes that resume a session (${reason}); signing goes on with full handshakes, which take longer`, "Its operators should set a session id context for their server, or switch off session tickets.");
	}
	function describeServer(handshake, facts) {
		const [leaf] = handshake.serverChain;
		if (leaf === undefined) {
			return ["server certificate", "server trust"].map((check) => (0, finding.lb)(check, "the server sent no certificate"));
		}
		const names = (0, server_certificate.eZ)(leaf).join(", ") || "no names";
		const dates = `${leaf.validFromDate.toISOString()} to ${leaf.validToDate.toISOString()}`;
		const what = `${(0, certificate.vm)(leaf.subject)} for ${names}, issued by ${(0, certificate.vm)(leaf.issuer)}, valid from ${dates}`;
		return [(0, finding.bF)("server certificate", what), ...describeTrust(handshake, leaf, facts)];
	}
	function describeTrust(handshake, leaf, facts) {
		const { untrusted, serverChain, handshakeMs } = handshake;
		const check = "server trust";
		if (facts.anchors.length === 0) return [(0, finding.lb)(check, "chain holds no certificate that can be read")];
		const isVerified = handshakeMs !== undefined && untrusted === undefined;
		if (!isVerified) {
			const codes = new Set([...untrusted ? [(0, errors.$N)(untrusted) ?? ""] : [], ...(0, server_certificate.xm)(serverChain, facts)]);
			const failures = new Map([...codes].map((code) => [serverFailure(code, handshake, facts).code, code]));
			if (failures.size === 0) return [(0, finding.bF)(check, "its names, dates and issuers fit; the handshake broke off before more was known")];
			return [...failures.values()].map((code) => (0, finding.gz)(check, serverFailure(code, handshake, facts)));
		}
		const names = (0, server_certificate.JA)(leaf);
		if (names) return [(0, finding.k9)(check, names)];
		return [(0, finding.bF)(check, `the server chains to a certificate in chain and bears the name ${(0, connection_route.$r)(facts.server).hostname}`)];
	}
	function serverFailure(code, { serverChain, untrusted, tunnelledBy: proxy }, facts) {
		const error = untrusted && (0, errors.$N)(untrusted) === code ? untrusted : (0, errors.Qt)(code, code);
		return (0, server_certificate.hr)((0, dial_failure.t)(error, facts.server.origin), serverChain, {
			...facts,
			own: facts.identity?.certificates,
			proxy
		});
	}
	function describeAsked({ isClientAsked }) {
		const check = "client certificate asked for";
		if (isClientAsked) return (0, finding.bF)(check, "the server asked for a client certificate");
		if (isClientAsked === undefined) return (0, finding.lb)(check, "the handshake did not get so far");
		return (0, finding.k9)(check, "the server did not ask for a client certificate", "Check that server-url is the address for mutual TLS; otherwise whoever has app-key and app-secret can have files signed.");
	}
	function describeSent({ isClientAsked }, { identity, obstacle }) {
		const check = "client certificate sent";
		if (identity === undefined) return (0, finding.lb)(check, obstacle);
		if (!isClientAsked) return (0, finding.lb)(check, "the server did not ask, or the handshake did not get so far");
		const { length } = identity.certificates;
		return (0, finding.bF)(check, `${length} ${length === 1 ? "certificate" : "certificates"} sent, the client's own first`);
	}
	function describeAccepted(handshake, { refusal, isAnswered, identity, obstacle, server }) {
		const check = "client certificate accepted";
		if (identity === undefined) return (0, finding.lb)(check, obstacle);
		if (refusal) return (0, finding.gz)(check, refusal);
		if (!handshake.isClientAsked) return (0, finding.lb)(check, "the server did not ask for it");
		if (isAnswered) return (0, finding.bF)(check, "the server answered a request over such a connection");
		const failure = failureOf(handshake, server);
		if (failure) return (0, finding.gz)(check, failure);
		return (0, finding.bF)(check, "the server kept the connection open");
	}
	;
	async function checkService(route, options) {
		const { server, proxy } = route;
		const { identity, anchors, sendCanary, signal } = options;
		const pending = typeof sendCanary === "string" ? undefined : sendCanary();
		const enough = pending?.then(({ isAnswered }) => isAnswered ? undefined : new Promise(() => {}));
		const [handshake, outcome] = await Promise.all([(0, probe.k)(route, {
			listenMs: identity ? diagnosis.Tk : 0,
			enough,
			signal
		}), pending]);
		const resumption = identity && await resume(route, handshake, signal);
		const now = new Date(options.now());
		const own = identity && {
			identity,
			server,
			taken: handshake.clientAlgorithms,
			now
		};
		const refusal = own && findRefusal(handshake, outcome, own);
		const reason = typeof sendCanary === "string" ? sendCanary : "a step before it failed; see above";
		return [
			...describeNetwork(handshake, server, proxy?.url),
			...describeTls(handshake, {
				server,
				anchors,
				now,
				refusal,
				isAnswered: outcome?.isAnswered ?? false,
				identity,
				obstacle: options.obstacle
			}),
			...resumption ? [describeResumption(resumption, route.server)] : [],
			...identity ? [describeIssuers(identity, refusal)] : [],
			...await describeCanary(isExplained(handshake, outcome, refusal) ? undefined : namingRefused(outcome, own), reason, options.verification)
		];
	}
	const RESUMED_LISTEN_MS = 100;
	async function resume(route, { end, session }, signal) {
		if (end !== "open" || session === undefined || signal.aborted) return undefined;
		return (0, probe.k)(route, {
			listenMs: RESUMED_LISTEN_MS,
			session,
			signal
		});
	}
	function findRefusal(handshake, outcome, own) {
		const seen = outcome?.isAnswered ? undefined : (0, diagnosis.c3)(handshake, own.server.origin);
		const told = outcome?.failure?.code === "TLS_CLIENT_REJECTED" ? outcome.failure : seen;
		return told && (0, own_certificate.G)(told, own);
	}
	function namingRefused(outcome, own) {
		if (outcome?.failure === undefined || own === undefined) return outcome;
		return {
			...outcome,
			failure: (0, own_certificate.G)(outcome.failure, own)
		};
	}
	function isExplained({ end, untrusted }, outcome, refusal) {
		if (refusal) return true;
		return outcome?.failure !== undefined && !outcome.isAnswered && (end !== "open" || untrusted !== undefined);
	}
	function describeIssuers(identity, refusal) {
		const check = "client chain";
		const hint = (0, identity_identity.jb)(identity);
		if (hint === undefined) return (0, finding.bF)(check, "no issuer of the client certificate is missing");
		if (refusal === undefined) return (0, finding.bF)(check, `${hint} The server does not seem to miss it.`);
		return (0, finding.k9)(check, hint, "Append the intermediate certificates after the client certificate in cert.");
	}
	function skipService(reason) {
		return [
			"host name",
			"TCP",
			"TLS version and cipher",
			"server certificate",
			"client certificate accepted",
			"canary request"
		].map((check) => (0, finding.lb)(check, reason));
	}
	var manifest = __webpack_require__(37987);
	var issuing = __webpack_require__(9971);
	var connection_transport = __webpack_require__(35848);
	var key = __webpack_require__(52294);
	;
	function describeKey({ facts, publicKey }, verification) {
		const known = (0, finding.bF)("signing key", facts.join("; "));
		if (publicKey === undefined) return [known];
		const { spkiSha256 } = (0, key.v)(publicKey);
		if (verification === undefined) {
			const what = `verify-key is empty; the public key of the service has the SHA-256 ${spkiSha256}`;
			return [known, (0, finding.k9)("verify-key", what, "Store the public key, which the log of this step shows, as verify-key.")];
		}
		const own = verification.verifier.key.spkiSha256;
		if (own === spkiSha256) return [known, (0, finding.bF)("verify-key", `is the key of the service: SHA-256 ${spkiSha256}`)];
		const message = `verify-key has the SHA-256 ${own}, but the key of the service has ${spkiSha256}`;
		const hint = "Store the public key of the version that signs; after a rotation each version has a key of its own.";
		return [known, (0, finding.gz)("verify-key", new errors.lZ("SIGNATURE_INVALID", message, { hint }))];
	}
	var route = __webpack_require__(40054);
	;
	async function look(context, inputs, { route, identity, obstacle, anchors }) {
		const { verification, isCallable, protocol } = inputs;
		const { signal, now } = context;
		const transport = (0, connection_transport.g)(route);
		const reason = obstacle ?? (isCallable ? undefined : "of the problems with the inputs");
		const usable = reason === undefined ? protocol : undefined;
		try {
			const findings = await checkService(route, {
				identity,
				obstacle: obstacle ?? "the login needs no client certificate",
				anchors,
				verification,
				sendCanary: usable ? () => sendCanaryOver(context, {
					inputs,
					protocol: usable
				}, transport) : reason ?? "of the problems with the inputs",
				now,
				signal
			});
			const key = usable ? await lookAtKey(context, {
				inputs,
				protocol: usable
			}, transport) : [];
			return {
				service: route.server.origin,
				findings: [...findings, ...key],
				requests: transport.requests()
			};
		} finally {
			transport.close();
		}
	}
	const KEY_TIMEOUT_MS = 2e4;
	async function lookAtKey(context, { inputs, protocol }, transport) {
		const open = protocol.open(transport, (0, route.cO)(context));
		if (open.describeKey === undefined) return [];
		try {
			const key = await open.describeKey(AbortSignal.any([context.signal, AbortSignal.timeout(KEY_TIMEOUT_MS)]));
			if (inputs.verification === undefined && key.publicKey) printKey(context, key.publicKey);
			return describeKey(key, inputs.verification);
		} catch (error) {
			return [(0, finding.gz)("signing key", (0, errors.ie)(error, "KEY_NOT_FOUND", "the service says nothing about its key"))];
		} finally {
			await open.close((0, route.AZ)(context));
		}
	}
	function printKey({ runner }, publicKey) {
		runner.openGroup("Public key of the service, to be stored as verify-key");
		for (const line of publicKey.trimEnd().split("\n")) runner.line(line);
		runner.closeGroup();
	}
	async function sendCanaryOver(context, { inputs, protocol }, transport) {
		const { signal, clock, now } = context;
		const { attempts, timeoutMs } = inputs.effort;
		const opened = [];
		const createSigner = (through) => {
			const open = protocol.open(through, (0, route.cO)(context));
			opened.push(open);
			return open.signer;
		};
		try {
			return await sendCanary({
				transport,
				createSigner,
				attempts,
				timeoutMs,
				signal,
				clock,
				now
			});
		} finally {
			for (const open of opened) await open.close((0, route.AZ)(context));
		}
	}
	var timestamp = __webpack_require__(89627);
	var release = __webpack_require__(37631);
	;
	async function preflight(context, inputs, report) {
		const { signal, clock, startedAt, now, processId, patience } = context;
		const { service, verification } = inputs;
		const dates = {
			now: new Date(now()),
			expiryWarningDays: service.expiryWarningDays
		};
		const isStored = service.shows === "stored certificate";
		const identity = isStored ? checkIdentityText(service.identity, dates) : checkChainText(service.identity.chain, dates);
		report.add({
			verification,
			certificate: identity.leaf && (0, certificate.xS)(identity.leaf),
			findings: [...describeInputs(context, inputs), ...identity.findings]
		});
		report.add(await lookAtService(context, inputs, identity));
		signal.throwIfAborted();
		report.add({ findings: await (0, timestamp.mu)(context, inputs.timestamp) });
		signal.throwIfAborted();
		report.add({ durationMs: clock.now() - startedAt });
		const tree = new output_tree.E((0, release._i)(context), processId);
		await patience.write("manifest.json", () => tree.write("manifest.json", (0, manifest.s)(report.build(), {
			createdAt: new Date(now()),
			scrub: context.runner.scrub
		})));
		report.add({ manifest: tree.locate("manifest.json") });
	}
	function describeInputs({ runner }, { problems }) {
		const own = problems.map((problem) => (0, finding.gz)("inputs", problem));
		const { suspiciousVariables } = runner.facts;
		const environment = `the environment sets ${suspiciousVariables.join(", ")}; this action verifies the server all the same, other steps may not`;
		return [...own.length > 0 ? own : [(0, finding.bF)("inputs", "every other input is valid")], ...suspiciousVariables.length > 0 ? [(0, finding.k9)("environment", environment)] : []];
	}
	async function lookAtService(context, inputs, { inspection }) {
		const { serverUrl: server, shows, authority } = inputs.service;
		if (server === address_fields.J) return { findings: skipService("server-url cannot be used") };
		const service = server.origin;
		let proxy;
		try {
			proxy = (0, proxy_proxy.U)(context.runner.facts, server);
		} catch (error) {
			const problem = (0, errors.ie)(error, "PROXY_UNUSABLE", "the proxy of the environment cannot be used");
			const skipped = skipService("the proxy of the environment cannot be used");
			return {
				service,
				findings: [(0, finding.gz)("proxy", problem), ...skipped]
			};
		}
		const way = {
			server,
			proxy,
			timeoutMs: (0, route._e)(inputs.effort.timeoutMs),
			addressBook: new addresses.u5()
		};
		if (authority) return lookIssued(context, {
			inputs,
			settings: authority,
			way
		});
		if (shows === "issued certificate") return lookWithoutIdentity(context, {
			inputs,
			way,
			obstacle: UNISSUED
		});
		if (shows === "no certificate") return lookWithoutIdentity(context, {
			inputs,
			way
		});
		const { identity } = inspection;
		if (identity === undefined) return lookWithoutIdentity(context, {
			inputs,
			way,
			obstacle: UNUSABLE
		});
		try {
			return await (0, route.hr)(context, identity, (contexts) => look(context, inputs, {
				route: {
					...contexts,
					...way
				},
				identity,
				anchors: identity.anchors
			}));
		} catch (error) {
			if (!(error instanceof errors.lZ) || error === context.signal.reason) throw error;
			return behind([(0, finding.gz)("key", error)], await lookWithoutIdentity(context, {
				inputs,
				way,
				obstacle: UNUSABLE
			}));
		}
	}
	const UNUSABLE = "the client identity cannot be used";
	const UNISSUED = "no certificate was issued";
	function lookWithoutIdentity(context, { inputs, way, obstacle }) {
		const anchors = anchorsOf(inputs);
		const { anchorsPem } = (0, identity_identity.Us)(anchors, new Date(context.now()));
		const route = {
			...way,
			secureContext: (0, connection_route.Pn)({ ca: anchorsPem === "" ? [] : [anchorsPem] })
		};
		return look(context, inputs, {
			route,
			identity: undefined,
			obstacle,
			anchors
		});
	}
	async function lookIssued(context, { inputs, way, settings }) {
		const { clock, signal, now } = context;
		const steps = [];
		let since = clock.now();
		const onStep = ({ check, what }) => {
			steps.push((0, finding.bF)(check, what, clock.now() - since));
			since = clock.now();
		};
		const anchors = anchorsOf(inputs);
		let failure;
		const found = await (0, issuing.U)(context, {
			settings,
			trust: (0, identity_identity.Us)(anchors, new Date(now())),
			onStep
		}, async (issuer) => {
			const issued = await issuer.obtain(signal);
			const { certificatesPem: cert, keyPem: key, anchorsPem, warnings } = issued;
			const route = {
				...way,
				...(0, connection_route.up)({
					cert,
					key,
					ca: [anchorsPem]
				})
			};
			const { notes: _, ...facts } = (0, issuing.p)(context, issued);
			const findings = [...steps, ...warnings.map((text) => (0, finding.k9)("client use", text))];
			return {
				...facts,
				...behind(findings, await look(context, inputs, {
					route,
					identity: issued,
					anchors
				}))
			};
		}).catch((error) => {
			if (!(error instanceof errors.lZ) || signal.aborted) throw error;
			failure = error;
			return undefined;
		});
		if (found || failure === undefined) return found ?? {};
		const findings = [...steps, ...describeBroken(settings, steps, {
			failure,
			ms: clock.now() - since
		})];
		return behind(findings, await lookWithoutIdentity(context, {
			inputs,
			way,
			obstacle: UNISSUED
		}));
	}
	function describeBroken({ from }, done, { failure, ms }) {
		const all = [
			"OIDC token",
			"token claims",
			...from === "vault" ? ["login"] : [],
			"certificate"
		];
		const [broken = "certificate", ...others] = all.filter((each) => done.every(({ check }) => check !== each));
		return [(0, finding.gz)(broken, failure, ms), ...others.map((each) => (0, finding.lb)(each, "a step before it failed; see above"))];
	}
	function anchorsOf({ service }) {
		return (0, material_anchors.D)(service.identity.chain).certificates.map(({ x509 }) => x509);
	}
	function behind(first, { findings = [], ...others }) {
		return {
			...others,
			findings: [...first, ...findings]
		};
	}
}) };
