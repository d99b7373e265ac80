export const id = 716;
export const ids = [716];
export const modules = {
	14396: ((__unused_webpack_module, exports, __webpack_require__) => {
		Object.defineProperty(exports, "__esModule", { value: true });
		exports.Accuracy = void 0;
		const tslib_1 = __webpack_require__(61860);
		const asn1_schema_1 = __webpack_require__(47261);
		class Accuracy {
			constructor(params = {}) {
				this.seconds = 0;
				Object.assign(this, params);
			}
		}
		exports.Accuracy = Accuracy;
		tslib_1.__decorate([(0, asn1_schema_1.AsnProp)({
			type: asn1_schema_1.AsnPropTypes.Integer,
			optional: true
		})], Accuracy.prototype, "seconds", void 0);
		tslib_1.__decorate([(0, asn1_schema_1.AsnProp)({
			type: asn1_schema_1.AsnPropTypes.Integer,
			context: 0,
			implicit: true,
			optional: true
		})], Accuracy.prototype, "millis", void 0);
		tslib_1.__decorate([(0, asn1_schema_1.AsnProp)({
			type: asn1_schema_1.AsnPropTypes.Integer,
			context: 1,
			implicit: true,
			optional: true
		})], Accuracy.prototype, "micros", void 0);
	}),
	97305: ((__unused_webpack_module, exports, __webpack_require__) => {
		Object.defineProperty(exports, "__esModule", { value: true });
		const tslib_1 = __webpack_require__(61860);
		tslib_1.__exportStar(__webpack_require__(14396), exports);
		tslib_1.__exportStar(__webpack_require__(34552), exports);
		tslib_1.__exportStar(__webpack_require__(1913), exports);
		tslib_1.__exportStar(__webpack_require__(22923), exports);
		tslib_1.__exportStar(__webpack_require__(35354), exports);
		tslib_1.__exportStar(__webpack_require__(69693), exports);
		tslib_1.__exportStar(__webpack_require__(99195), exports);
		tslib_1.__exportStar(__webpack_require__(36849), exports);
		tslib_1.__exportStar(__webpack_require__(71114), exports);
		tslib_1.__exportStar(__webpack_require__(94081), exports);
	}),
	34552: ((__unused_webpack_module, exports, __webpack_require__) => {
		Object.defineProperty(exports, "__esModule", { value: true });
		exports.MessageImprint = void 0;
		const tslib_1 = __webpack_require__(61860);
		const asn1_schema_1 = __webpack_require__(47261);
		const asn1_x509_1 = __webpack_require__(33594);
		class MessageImprint {
			constructor(params = {}) {
				this.hashAlgorithm = new asn1_x509_1.AlgorithmIdentifier();
				this.hashedMessage = new asn1_schema_1.OctetString();
				Object.assign(this, params);
			}
		}
		exports.MessageImprint = MessageImprint;
		tslib_1.__decorate([(0, asn1_schema_1.AsnProp)({ type: asn1_x509_1.AlgorithmIdentifier })], MessageImprint.prototype, "hashAlgorithm", void 0);
		tslib_1.__decorate([(0, asn1_schema_1.AsnProp)({ type: asn1_schema_1.OctetString })], MessageImprint.prototype, "hashedMessage", void 0);
	}),
	1913: ((__unused_webpack_module, exports) => {
		Object.defineProperty(exports, "__esModule", { value: true });
		exports.id_ct_tstInfo = void 0;
		exports.id_ct_tstInfo = "1.2.840.113549.1.9.16.1.4";
	}),
	22923: ((__unused_webpack_module, exports, __webpack_require__) => {
		Object.defineProperty(exports, "__esModule", { value: true });
		exports.PKIFailureInfo = exports.PKIFailureInfoFlags = void 0;
		const asn1_schema_1 = __webpack_require__(47261);
		var PKIFailureInfoFlags;
		(function(PKIFailureInfoFlags) {
			PKIFailureInfoFlags[PKIFailureInfoFlags["badAlg"] = 1] = "badAlg";
			PKIFailureInfoFlags[PKIFailureInfoFlags["badRequest"] = 2] = "badRequest";
			PKIFailureInfoFlags[PKIFailureInfoFlags["badDataFormat"] = 16] = "badDataFormat";
			PKIFailureInfoFlags[PKIFailureInfoFlags["timeNotAvailable"] = 8192] = "timeNotAvailable";
			PKIFailureInfoFlags[PKIFailureInfoFlags["unacceptedPolicy"] = 16384] = "unacceptedPolicy";
			PKIFailureInfoFlags[PKIFailureInfoFlags["unacceptedExtension"] = 32768] = "unacceptedExtension";
			PKIFailureInfoFlags[PKIFailureInfoFlags["addInfoNotAvailable"] = 65536] = "addInfoNotAvailable";
			PKIFailureInfoFlags[PKIFailureInfoFlags["systemFailure"] = 16777216] = "systemFailure";
		})(PKIFailureInfoFlags || (exports.PKIFailureInfoFlags = PKIFailureInfoFlags = {}));
		class PKIFailureInfo extends asn1_schema_1.BitString {
			toJSON() {
				const flag = this.toNumber();
				const res = [];
				if (flag & PKIFailureInfoFlags.addInfoNotAvailable) {
					res.push("addInfoNotAvailable");
				}
				if (flag & PKIFailureInfoFlags.badAlg) {
					res.push("badAlg");
				}
				if (flag & PKIFailureInfoFlags.badDataFormat) {
					res.push("badDataFormat");
				}
				if (flag & PKIFailureInfoFlags.badRequest) {
					res.push("badRequest");
				}
				if (flag & PKIFailureInfoFlags.systemFailure) {
					res.push("systemFailure");
				}
				if (flag & PKIFailureInfoFlags.systemFailure) {
					res.push("systemFailure");
				}
				if (flag & PKIFailureInfoFlags.timeNotAvailable) {
					res.push("timeNotAvailable");
				}
				if (flag & PKIFailureInfoFlags.unacceptedExtension) {
					res.push("unacceptedExtension");
				}
				if (flag & PKIFailureInfoFlags.unacceptedPolicy) {
					res.push("unacceptedPolicy");
				}
				return res;
			}
			toString() {
				return `[${this.toJSON().join(", ")}]`;
			}
		}
		exports.PKIFailureInfo = PKIFailureInfo;
	}),
	35354: ((__unused_webpack_module, exports) => {
		Object.defineProperty(exports, "__esModule", { value: true });
		exports.PKIStatus = void 0;
		var PKIStatus;
		(function(PKIStatus) {
			PKIStatus[PKIStatus["granted"] = 0] = "granted";
			PKIStatus[PKIStatus["grantedWithMods"] = 1] = "grantedWithMods";
			PKIStatus[PKIStatus["rejection"] = 2] = "rejection";
			PKIStatus[PKIStatus["waiting"] = 3] = "waiting";
			PKIStatus[PKIStatus["revocationWarning"] = 4] = "revocationWarning";
			PKIStatus[PKIStatus["revocationNotification"] = 5] = "revocationNotification";
		})(PKIStatus || (exports.PKIStatus = PKIStatus = {}));
	}),
	69693: ((__unused_webpack_module, exports, __webpack_require__) => {
		var PKIFreeText_1;
		Object.defineProperty(exports, "__esModule", { value: true });
		exports.PKIStatusInfo = exports.PKIFreeText = void 0;
		const tslib_1 = __webpack_require__(61860);
		const asn1_schema_1 = __webpack_require__(47261);
		const pki_failure_info_1 = __webpack_require__(22923);
		const pki_status_1 = __webpack_require__(35354);
		let PKIFreeText = PKIFreeText_1 = class PKIFreeText extends asn1_schema_1.AsnArray {
			constructor(items) {
				super(items);
				Object.setPrototypeOf(this, PKIFreeText_1.prototype);
			}
		};
		exports.PKIFreeText = PKIFreeText;
		exports.PKIFreeText = PKIFreeText = PKIFreeText_1 = tslib_1.__decorate([(0, asn1_schema_1.AsnType)({
			type: asn1_schema_1.AsnTypeTypes.Sequence,
			itemType: asn1_schema_1.AsnPropTypes.Utf8String
		})], PKIFreeText);
		class PKIStatusInfo {
			constructor(params = {}) {
				this.status = pki_status_1.PKIStatus.granted;
				Object.assign(this, params);
			}
		}
		exports.PKIStatusInfo = PKIStatusInfo;
		tslib_1.__decorate([(0, asn1_schema_1.AsnProp)({ type: asn1_schema_1.AsnPropTypes.Integer })], PKIStatusInfo.prototype, "status", void 0);
		tslib_1.__decorate([(0, asn1_schema_1.AsnProp)({
			type: PKIFreeText,
			optional: true
		})], PKIStatusInfo.prototype, "statusString", void 0);
		tslib_1.__decorate([(0, asn1_schema_1.AsnProp)({
			type: pki_failure_info_1.PKIFailureInfo,
			optional: true
		})], PKIStatusInfo.prototype, "failInfo", void 0);
	}),
	99195: ((__unused_webpack_module, exports, __webpack_require__) => {
		Object.defineProperty(exports, "__esModule", { value: true });
		exports.TimeStampReq = exports.TimeStampReqVersion = void 0;
		const tslib_1 = __webpack_require__(61860);
		const asn1_schema_1 = __webpack_require__(47261);
		const asn1_x509_1 = __webpack_require__(33594);
		const message_imprint_1 = __webpack_require__(34552);
		var TimeStampReqVersion;
		(function(TimeStampReqVersion) {
			TimeStampReqVersion[TimeStampReqVersion["v1"] = 1] = "v1";
		})(TimeStampReqVersion || (exports.TimeStampReqVersion = TimeStampReqVersion = {}));
		class TimeStampReq {
			constructor(params = {}) {
				this.version = TimeStampReqVersion.v1;
				this.messageImprint = new message_imprint_1.MessageImprint();
				this.certReq = false;
				Object.assign(this, params);
			}
		}
		exports.TimeStampReq = TimeStampReq;
		tslib_1.__decorate([(0, asn1_schema_1.AsnProp)({ type: asn1_schema_1.AsnPropTypes.Integer })], TimeStampReq.prototype, "version", void 0);
		tslib_1.__decorate([(0, asn1_schema_1.AsnProp)({ type: message_imprint_1.MessageImprint })], TimeStampReq.prototype, "messageImprint", void 0);
		tslib_1.__decorate([(0, asn1_schema_1.AsnProp)({
			type: asn1_schema_1.AsnPropTypes.ObjectIdentifier,
			optional: true
		})], TimeStampReq.prototype, "reqPolicy", void 0);
		tslib_1.__decorate([(0, asn1_schema_1.AsnProp)({
			type: asn1_schema_1.AsnPropTypes.Integer,
			converter: asn1_schema_1.AsnIntegerArrayBufferConverter,
			optional: true
		})], TimeStampReq.prototype, "nonce", void 0);
		tslib_1.__decorate([(0, asn1_schema_1.AsnProp)({
			type: asn1_schema_1.AsnPropTypes.Boolean,
			defaultValue: false
		})], TimeStampReq.prototype, "certReq", void 0);
		tslib_1.__decorate([(0, asn1_schema_1.AsnProp)({
			type: asn1_x509_1.Extensions,
			optional: true,
			context: 0,
			implicit: true
		})], TimeStampReq.prototype, "extensions", void 0);
	}),
	36849: ((__unused_webpack_module, exports, __webpack_require__) => {
		Object.defineProperty(exports, "__esModule", { value: true });
		exports.TimeStampResp = void 0;
		const tslib_1 = __webpack_require__(61860);
		const asn1_schema_1 = __webpack_require__(47261);
		const pki_status_info_1 = __webpack_require__(69693);
		const time_stamp_token_1 = __webpack_require__(71114);
		class TimeStampResp {
			constructor(params = {}) {
				this.status = new pki_status_info_1.PKIStatusInfo();
				Object.assign(this, params);
			}
		}
		exports.TimeStampResp = TimeStampResp;
		tslib_1.__decorate([(0, asn1_schema_1.AsnProp)({ type: pki_status_info_1.PKIStatusInfo })], TimeStampResp.prototype, "status", void 0);
		tslib_1.__decorate([(0, asn1_schema_1.AsnProp)({
			type: time_stamp_token_1.TimeStampToken,
			optional: true
		})], TimeStampResp.prototype, "timeStampToken", void 0);
	}),
	71114: ((__unused_webpack_module, exports, __webpack_require__) => {
		Object.defineProperty(exports, "__esModule", { value: true });
		exports.TimeStampToken = void 0;
		const tslib_1 = __webpack_require__(61860);
		const asn1_cms_1 = __webpack_require__(21467);
		const asn1_schema_1 = __webpack_require__(47261);
		let TimeStampToken = class TimeStampToken extends asn1_cms_1.ContentInfo {};
		exports.TimeStampToken = TimeStampToken;
		exports.TimeStampToken = TimeStampToken = tslib_1.__decorate([(0, asn1_schema_1.AsnType)({ type: asn1_schema_1.AsnTypeTypes.Sequence })], TimeStampToken);
	}),
	94081: ((__unused_webpack_module, exports, __webpack_require__) => {
		Object.defineProperty(exports, "__esModule", { value: true });
		exports.TSTInfo = exports.TSTInfoVersion = void 0;
		const tslib_1 = __webpack_require__(61860);
		const asn1_schema_1 = __webpack_require__(47261);
		const asn1_x509_1 = __webpack_require__(33594);
		const accuracy_1 = __webpack_require__(14396);
		const message_imprint_1 = __webpack_require__(34552);
		var TSTInfoVersion;
		(function(TSTInfoVersion) {
			TSTInfoVersion[TSTInfoVersion["v1"] = 1] = "v1";
		})(TSTInfoVersion || (exports.TSTInfoVersion = TSTInfoVersion = {}));
		class TSTInfo {
			constructor(params = {}) {
				this.version = TSTInfoVersion.v1;
				this.policy = "";
				this.messageImprint = new message_imprint_1.MessageImprint();
				this.serialNumber = new ArrayBuffer(0);
				this.genTime = new Date();
				this.ordering = false;
				Object.assign(this, params);
			}
		}
		exports.TSTInfo = TSTInfo;
		tslib_1.__decorate([(0, asn1_schema_1.AsnProp)({ type: asn1_schema_1.AsnPropTypes.Integer })], TSTInfo.prototype, "version", void 0);
		tslib_1.__decorate([(0, asn1_schema_1.AsnProp)({ type: asn1_schema_1.AsnPropTypes.ObjectIdentifier })], TSTInfo.prototype, "policy", void 0);
		tslib_1.__decorate([(0, asn1_schema_1.AsnProp)({ type: message_imprint_1.MessageImprint })], TSTInfo.prototype, "messageImprint", void 0);
		tslib_1.__decorate([(0, asn1_schema_1.AsnProp)({
			type: asn1_schema_1.AsnPropTypes.Integer,
			converter: asn1_schema_1.AsnIntegerArrayBufferConverter
		})], TSTInfo.prototype, "serialNumber", void 0);
		tslib_1.__decorate([(0, asn1_schema_1.AsnProp)({ type: asn1_schema_1.AsnPropTypes.GeneralizedTime })], TSTInfo.prototype, "genTime", void 0);
		tslib_1.__decorate([(0, asn1_schema_1.AsnProp)({
			type: accuracy_1.Accuracy,
			optional: true
		})], TSTInfo.prototype, "accuracy", void 0);
		tslib_1.__decorate([(0, asn1_schema_1.AsnProp)({
			type: asn1_schema_1.AsnPropTypes.Boolean,
			defaultValue: false
		})], TSTInfo.prototype, "ordering", void 0);
		tslib_1.__decorate([(0, asn1_schema_1.AsnProp)({
			type: asn1_schema_1.AsnPropTypes.Integer,
			converter: asn1_schema_1.AsnIntegerArrayBufferConverter,
			optional: true
		})], TSTInfo.prototype, "nonce", void 0);
		tslib_1.__decorate([(0, asn1_schema_1.AsnProp)({
			type: asn1_x509_1.GeneralName,
			context: 0,
			optional: true
		})], TSTInfo.prototype, "tsa", void 0);
		tslib_1.__decorate([(0, asn1_schema_1.AsnProp)({
			type: asn1_x509_1.Extensions,
			context: 1,
			implicit: true,
			optional: true
		})], TSTInfo.prototype, "extensions", void 0);
	}),
	18716: ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {
		__webpack_require__.d(__webpack_exports__, {
			MAX_CLOCK_DIFFERENCE_MS: () => MAX_CLOCK_DIFFERENCE_MS,
			bundledAnchors: () => bundledAnchors,
			checkStamp: () => checkStamp,
			createPost: () => createPost,
			requestStamp: () => requestStamp
		});
		var external_node_crypto_ = __webpack_require__(77598);
		var route = __webpack_require__(83551);
		var errors = __webpack_require__(27406);
		var read_small = __webpack_require__(91506);
		var der = __webpack_require__(97415);
		var material_certificate = __webpack_require__(43879);
		var cjs = __webpack_require__(21467);
		var build_cjs = __webpack_require__(47261);
		var asn1_tsp_build_cjs = __webpack_require__(97305);
		var asn1_x509_build_cjs = __webpack_require__(33594);
		;
		const SHA256 = "2.16.840.1.101.3.4.2.1";
		const MAX_CERTIFICATES = 16;
		function encodeRequest(sha256, nonce) {
			const hashAlgorithm = new asn1_x509_build_cjs.AlgorithmIdentifier({
				algorithm: SHA256,
				parameters: null
			});
			const messageImprint = new asn1_tsp_build_cjs.MessageImprint({
				hashAlgorithm,
				hashedMessage: new build_cjs.OctetString(sha256)
			});
			return Buffer.from(build_cjs.AsnConvert.serialize(new asn1_tsp_build_cjs.TimeStampReq({
				messageImprint,
				nonce: new Uint8Array(nonce).buffer,
				certReq: true
			})));
		}
		function decodeAnswer(bytes) {
			if ((0, der.Sv)(bytes) !== bytes.length) throw new Error("the answer is not DER, or has more than one element");
			const { status } = build_cjs.AsnConvert.parse(bytes, asn1_tsp_build_cjs.TimeStampResp);
			const token = (0, der.LU)((0, der.RN)(bytes))[1]?.raw;
			const isGranted = status.status === asn1_tsp_build_cjs.PKIStatus.granted || status.status === asn1_tsp_build_cjs.PKIStatus.grantedWithMods;
			if (isGranted && token === undefined) throw new Error("the answer is granted, but holds no token");
			return {
				token: isGranted ? token : undefined,
				reason: (status.statusString ?? []).join(" "),
				flags: status.failInfo?.toJSON() ?? []
			};
		}
		function readToken(bytes) {
			const [, explicit] = (0, der.LU)((0, der.RN)(bytes));
			const signedData = (0, der.LU)(explicit)[0]?.raw;
			if (signedData === undefined) throw new Error("the token holds no signed data");
			const { encapContentInfo, signerInfos } = build_cjs.AsnConvert.parse(signedData, cjs.SignedData);
			const content = encapContentInfo.eContent?.single;
			const [info, ...others] = signerInfos;
			if (content === undefined || info === undefined || others.length > 0) throw new Error("the token has no content, or not exactly one signature");
			const stamp = build_cjs.AsnConvert.parse(content.buffer, asn1_tsp_build_cjs.TSTInfo);
			if (Number.isNaN(stamp.genTime.getTime())) throw new Error("the token has no time");
			return {
				contentType: encapContentInfo.eContentType,
				content: Buffer.from(content.buffer),
				digestAlgorithm: stamp.messageImprint.hashAlgorithm.algorithm,
				digest: Buffer.from(stamp.messageImprint.hashedMessage.buffer),
				nonce: stamp.nonce && Buffer.from(stamp.nonce),
				time: stamp.genTime,
				signer: {
					...readSignedAttributes(signedData),
					digestAlgorithm: info.digestAlgorithm.algorithm,
					signatureAlgorithm: info.signatureAlgorithm.algorithm,
					signature: Buffer.from(info.signature.buffer)
				},
				certificates: readCertificates(signedData)
			};
		}
		function readSignedAttributes(signedData) {
			const [signerInfo] = (0, der.LU)((0, der.LU)((0, der.RN)(signedData)).at(-1));
			const signed = (0, der.LU)(signerInfo).find(({ tag }) => tag === der.Dk.context0);
			if (signed === undefined) throw new Error("the token has no signed attributes");
			const signedAttributes = Buffer.from(signed.raw);
			signedAttributes[0] = der.Dk.set;
			const attributes = new Map();
			for (const attribute of (0, der.LU)(signed)) {
				const [type, values] = (0, der.LU)(attribute);
				const [value, ...others] = (0, der.LU)(values);
				const oid = (0, der._f)(type);
				if (oid === undefined || value === undefined || others.length > 0 || attributes.has(oid)) throw new Error("the token has an attribute that is not one value");
				attributes.set(oid, value);
			}
			return {
				signedAttributes,
				attributes
			};
		}
		function readCertificates(signedData) {
			const set = (0, der.LU)((0, der.RN)(signedData)).find(({ tag }) => tag === der.Dk.context0);
			const found = (0, der.LU)(set).filter(({ tag }) => tag === der.Dk.sequence);
			if (found.length > MAX_CERTIFICATES) throw new errors.lZ("TIMESTAMP_UNREADABLE", `The time stamp holds ${found.length} certificates.`, { hint: `No more than ${MAX_CERTIFICATES} are read, and authorities send up to four: use another authority.` });
			return found.map(({ raw }) => new external_node_crypto_.X509Certificate(raw));
		}
		function readCertificateHash(attribute) {
			const [list] = (0, der.LU)(attribute);
			const [first, second] = (0, der.LU)((0, der.LU)(list)[0]);
			const isNamed = first?.tag === der.Dk.sequence;
			const hash = (0, der.ao)(isNamed ? second : first);
			return hash && {
				algorithm: isNamed ? (0, der._f)((0, der.LU)(first)[0]) : undefined,
				hash
			};
		}
		function readRules(certificate) {
			const { extensions = [] } = build_cjs.AsnConvert.parse(certificate.raw, asn1_x509_build_cjs.Certificate).tbsCertificate;
			const find = (oid) => extensions.find(({ extnID }) => extnID === oid);
			const [basic, uses, keyUsage] = [
				"2.5.29.19",
				"2.5.29.37",
				"2.5.29.15"
			].map(find);
			const constraints = basic && build_cjs.AsnConvert.parse(basic.extnValue, asn1_x509_build_cjs.BasicConstraints);
			const bits = keyUsage && build_cjs.AsnConvert.parse(keyUsage.extnValue, asn1_x509_build_cjs.KeyUsage).toNumber();
			const signing = asn1_x509_build_cjs.KeyUsageFlags.digitalSignature | asn1_x509_build_cjs.KeyUsageFlags.nonRepudiation;
			return {
				isAuthority: constraints?.cA === true,
				pathLength: constraints?.pathLenConstraint,
				extendedUses: uses && {
					names: [...build_cjs.AsnConvert.parse(uses.extnValue, asn1_x509_build_cjs.ExtendedKeyUsage)],
					isCritical: uses.critical
				},
				otherKeyUses: bits === undefined ? undefined : bits & ~signing,
				criticalExtensions: extensions.filter(({ critical }) => critical).map(({ extnID }) => extnID)
			};
		}
		;
		const TIME_STAMPING = "1.3.6.1.5.5.7.3.8";
		const ANY_USE = "2.5.29.37.0";
		const KNOWN_CRITICAL = [
			"2.5.29.19",
			"2.5.29.15",
			"2.5.29.37",
			"2.5.29.32"
		];
		const MAX_ISSUERS = 8;
		const UNKNOWN_ROOT = "The authority may have a new root: compare timestamp-chain with the root that the authority publishes, and put that root into timestamp-chain. If that issuer is an intermediate certificate, the authority leaves it out: put it into timestamp-chain as well.";
		const WRONG_CERTIFICATE = "The authority signs with a certificate that is not fit for time stamps: ask its operators, or use another authority.";
		const NOT_VALID = "That certificate of the authority has expired or is not yet valid, or the clock of the authority is wrong: ask its operators, or use another authority.";
		function checkSigner(signer, { anchors, certificates, at }) {
			const rules = rulesOf(signer);
			const misuse = whyNotForStamps(rules);
			if (misuse) throw untrusted(signer, misuse, WRONG_CERTIFICATE);
			if (!(0, material_certificate.Ub)(signer, at)) {
				const validity = `is valid from ${signer.validFrom} to ${signer.validTo}, and not at the time of the stamp, ${at.toISOString()}`;
				throw untrusted(signer, validity, NOT_VALID);
			}
			if (leadsToAnchor(signer, {
				anchors,
				certificates,
				at
			})) return;
			const [why, hint] = whyNoAnchor(signer, {
				anchors,
				certificates,
				at
			});
			throw untrusted(signer, `does not chain to a trusted certificate: ${why}`, hint);
		}
		const MAX_LISTED = 5;
		function whyNoAnchor(signer, { anchors, certificates, at }) {
			const known = [...anchors, ...certificates];
			let top = signer;
			for (let below = 0; below < MAX_ISSUERS; below++) {
				const issuers = known.filter((each) => (0, material_certificate.rh)(top, each));
				const issuer = issuers.find((each) => (0, material_certificate.Ub)(each, at)) ?? issuers[0];
				if (issuer === undefined || issuer.fingerprint256 === top.fingerprint256) break;
				if (!(0, material_certificate.Ub)(issuer, at)) {
					const why = `the issuer ${(0, material_certificate.vm)(issuer.subject)} is valid from ${issuer.validFrom} to ${issuer.validTo}, and not at the time of the stamp, ${at.toISOString()}`;
					return [why, anchors.includes(issuer) ? "Put the renewed certificate of that issuer into timestamp-chain." : NOT_VALID];
				}
				if (anchors.includes(issuer)) return ["an issuer in its chain may not issue certificates for time stamps", WRONG_CERTIFICATE];
				top = issuer;
			}
			const held = anchors.length > MAX_LISTED ? `${anchors.length} others` : anchors.map(({ subject }) => (0, material_certificate.vm)(subject)).join(", ");
			return [`the chain ends at the issuer ${(0, material_certificate.vm)(top.issuer)}, and trusted are ${held}`, UNKNOWN_ROOT];
		}
		function leadsToAnchor(signer, { anchors, certificates, at }) {
			const trusted = new Set(anchors.map(({ fingerprint256 }) => fingerprint256));
			if (trusted.has(signer.fingerprint256)) return true;
			const others = new Map([...anchors, ...certificates].map((each) => [each.fingerprint256, each]));
			others.delete(signer.fingerprint256);
			let level = [signer];
			for (let issuersBelow = 0; issuersBelow < MAX_ISSUERS && level.length > 0; issuersBelow++) {
				const next = [];
				for (const [fingerprint, issuer] of others) {
					if (!level.some((certificate) => mayIssue(issuer, certificate, {
						issuersBelow,
						at
					}))) continue;
					if (trusted.has(fingerprint)) return true;
					others.delete(fingerprint);
					next.push(issuer);
				}
				level = next;
			}
			return false;
		}
		function whyNotForStamps({ extendedUses, otherKeyUses, criticalExtensions }) {
			if (extendedUses?.names.length !== 1 || extendedUses.names[0] !== TIME_STAMPING) return "is not for time stamps alone (extended key usage timeStamping)";
			if (!extendedUses.isCritical) return "has an extended key usage that is not critical, as RFC 3161 demands";
			if (otherKeyUses) return "has a key usage other than signing";
			return whyUnknown(criticalExtensions);
		}
		function whyUnknown(criticalExtensions) {
			const unknown = criticalExtensions.find((oid) => !KNOWN_CRITICAL.includes(oid));
			return unknown && `has a critical extension that is not understood, ${unknown}`;
		}
		function mayIssue(issuer, certificate, { issuersBelow, at }) {
			if (!certificate.checkIssued(issuer) || !(0, material_certificate.Ub)(issuer, at)) return false;
			const { isAuthority, pathLength, extendedUses, criticalExtensions } = rulesOf(issuer);
			const isMeant = extendedUses?.names.some((name) => name === TIME_STAMPING || name === ANY_USE) ?? true;
			const isAllowed = isAuthority && issuersBelow <= (pathLength ?? MAX_ISSUERS);
			return isMeant && isAllowed && whyUnknown(criticalExtensions) === undefined && certificate.verify(issuer.publicKey);
		}
		function rulesOf(certificate) {
			try {
				return readRules(certificate);
			} catch (error) {
				throw untrusted(certificate, "cannot be read", WRONG_CERTIFICATE, error);
			}
		}
		function untrusted({ subject }, why, hint, cause) {
			const name = (0, material_certificate.vm)(subject);
			return new errors.lZ("TIMESTAMP_UNTRUSTED", `The certificate that signed the time stamp, ${name}, ${why}.`, {
				hint,
				cause
			});
		}
		;
		const HASHES = {
			"2.16.840.1.101.3.4.2.1": "sha256",
			"2.16.840.1.101.3.4.2.2": "sha384",
			"2.16.840.1.101.3.4.2.3": "sha512"
		};
		const TST_INFO = "1.2.840.113549.1.9.16.1.4";
		const ATTRIBUTE = {
			contentType: "1.2.840.113549.1.9.3",
			messageDigest: "1.2.840.113549.1.9.4",
			signingCertificate: "1.2.840.113549.1.9.16.2.12",
			signingCertificateV2: "1.2.840.113549.1.9.16.2.47"
		};
		function readStampAnswer(bytes) {
			if (bytes.length > read_small.Be) throw new errors.lZ("TIMESTAMP_UNREADABLE", `The answer has ${bytes.length} bytes, and a time stamp is read up to ${read_small.Be}.`, { hint: "Use another authority: a usual time stamp has 6 to 8 kB." });
			return reading(() => decodeAnswer(bytes));
		}
		function checkStamp(bytes, { sha256, nonce, anchors }) {
			const { token: tokenBytes } = readStampAnswer(bytes);
			if (tokenBytes === undefined) throw new errors.lZ("TIMESTAMP_REFUSED", "The file is a refusal, not a time stamp.");
			const token = reading(() => readToken(tokenBytes));
			if (HASHES[token.digestAlgorithm] !== "sha256" || !token.digest.equals(sha256)) {
				throw new errors.lZ("TIMESTAMP_IMPRINT_DIFFERS", "The time stamp is for other bytes.", { hint: "The file was changed after it was stamped, or the authority answered another request." });
			}
			if (nonce && !token.nonce?.equals(nonce)) {
				throw new errors.lZ("TIMESTAMP_NONCE_DIFFERS", "The time stamp does not repeat the nonce of the request.", { hint: "The answer belongs to another request: a cache or somebody between the runner and the authority gave an old one." });
			}
			const signer = checkSignature(token);
			if (anchors) checkSigner(signer, {
				anchors,
				certificates: token.certificates,
				at: token.time
			});
			return {
				time: token.time,
				signer: (0, material_certificate.vm)(signer.subject)
			};
		}
		function checkSignature(token) {
			const { contentType, content, signer } = token;
			const { attributes } = signer;
			const digest = (0, der.ao)(attributes.get(ATTRIBUTE.messageDigest));
			const hashName = HASHES[signer.digestAlgorithm];
			if (contentType !== TST_INFO || (0, der._f)(attributes.get(ATTRIBUTE.contentType)) !== TST_INFO) throw badSignature("is over something that is not a time stamp");
			if (hashName === undefined) throw badSignature(`uses the hash function ${signer.digestAlgorithm}, which is not accepted`);
			if (!digest?.equals((0, external_node_crypto_.hash)(hashName, content, "buffer"))) throw badSignature("is over another time");
			const certificate = findSigner(token);
			if (!isSignedBy(certificate.publicKey, signer)) throw badSignature("is not that of its certificate");
			return certificate;
		}
		function findSigner({ signer: { attributes }, certificates }) {
			const [first, second] = [attributes.get(ATTRIBUTE.signingCertificate), attributes.get(ATTRIBUTE.signingCertificateV2)];
			const attribute = second ?? first;
			const named = attribute && readCertificateHash(attribute);
			if (named === undefined) throw badSignature("does not say which certificate it is from");
			const hashName = second ? HASHES[named.algorithm ?? "2.16.840.1.101.3.4.2.1"] : "sha1";
			const found = certificates.find(({ raw }) => hashName && (0, external_node_crypto_.hash)(hashName, raw, "buffer").equals(named.hash));
			if (found) return found;
			throw new errors.lZ("TIMESTAMP_UNTRUSTED", "The time stamp does not hold the certificate that signed it.", { hint: "The request asked for that certificate: ask the operators of the authority why it is left out, or use another authority." });
		}
		const SIGNATURES = {
			"1.2.840.113549.1.1.1": ["rsa"],
			"1.2.840.113549.1.1.11": ["rsa", "sha256"],
			"1.2.840.113549.1.1.12": ["rsa", "sha384"],
			"1.2.840.113549.1.1.13": ["rsa", "sha512"],
			"1.2.840.10045.4.3.2": ["ec", "sha256"],
			"1.2.840.10045.4.3.3": ["ec", "sha384"],
			"1.2.840.10045.4.3.4": ["ec", "sha512"]
		};
		function isSignedBy(key, { digestAlgorithm, ...signer }) {
			const [keyType, named] = SIGNATURES[signer.signatureAlgorithm] ?? [];
			if (keyType === undefined) throw badSignature(`uses the algorithm ${signer.signatureAlgorithm}, which is not accepted`);
			const hashName = named ?? HASHES[digestAlgorithm];
			return key.asymmetricKeyType === keyType && (0, external_node_crypto_.verify)(hashName, signer.signedAttributes, key, signer.signature);
		}
		function badSignature(why) {
			return new errors.lZ("TIMESTAMP_SIGNATURE_INVALID", `The signature of the time stamp ${why}.`, { hint: "Do not use this time stamp: it was changed, or was not made by the authority that it names." });
		}
		function reading(read) {
			try {
				return read();
			} catch (cause) {
				if (cause instanceof errors.lZ) throw cause;
				throw new errors.lZ("TIMESTAMP_UNREADABLE", "The answer is not a time stamp as RFC 3161 defines it.", {
					hint: "It is another kind of file, or a part of a time stamp.",
					cause
				});
			}
		}
		var connection_failure = __webpack_require__(23343);
		var addresses = __webpack_require__(3317);
		var dial_failure = __webpack_require__(57896);
		var exchange = __webpack_require__(50469);
		var exchange_progress = __webpack_require__(30734);
		var proxy_proxy = __webpack_require__(51949);
		var tunnel = __webpack_require__(1447);
		var tunnel_failure = __webpack_require__(93613);
		var connection_transport = __webpack_require__(35848);
		;
		const HEADERS = [
			"content-type",
			"application/timestamp-query",
			"accept",
			"application/timestamp-reply"
		];
		function createPost({ proxyFor, anchors, timeoutMs }) {
			const addressBook = new addresses.u5();
			return async (server, body, signal) => {
				const proxy = proxyFor(server);
				const request = {
					method: "POST",
					path: server.pathname + server.search,
					headers: [...HEADERS],
					body
				};
				if (server.protocol === "http:") return sendPlainly({
					server,
					proxy,
					timeoutMs,
					addressBook
				}, request, signal);
				const secureContext = (0, route.a4)(anchors);
				const transport = (0, connection_transport.g)({
					server,
					secureContext,
					proxy,
					timeoutMs,
					addressBook
				});
				try {
					return await transport.post(request, signal);
				} finally {
					transport.close();
				}
			};
		}
		async function sendPlainly({ server, proxy, timeoutMs, addressBook }, request, signal) {
			const { origin } = server;
			const connect = () => (0, tunnel.k)(proxy ?? { url: server }, {
				timeoutMs,
				addressBook
			}).catch((error) => {
				throw proxy ? (0, tunnel_failure.gO)(error, proxy) : (0, dial_failure.t)(error, origin);
			});
			const wire = (0, exchange.KO)(proxy?.url.origin ?? origin, connect, () => 0);
			const authorization = proxy?.authorization ? ["proxy-authorization", proxy.authorization] : [];
			const forwarded = {
				...request,
				path: origin + request.path,
				headers: [
					...request.headers,
					"host",
					server.host,
					...authorization
				]
			};
			try {
				const task = {
					request: proxy ? forwarded : request,
					signal,
					progress: new exchange_progress.p3()
				};
				const response = await wire.exchange(task);
				if (!proxy) return response;
				if (response.status !== 407) return {
					...response,
					forwardedBy: (0, proxy_proxy.Y)(proxy)
				};
				throw (0, tunnel_failure.xq)({
					status: 407,
					headers: response.headers
				}, proxy);
			} catch (error) {
				signal.throwIfAborted();
				throw (0, connection_failure.Dx)(error, { origin });
			} finally {
				wire.destroy();
			}
		}
		var other_server = __webpack_require__(97628);
		var failure = __webpack_require__(74318);
		var clock = __webpack_require__(23881);
		var names = __webpack_require__(93509);
		var answers_reason = __webpack_require__(21093);
		var told_by_headers = __webpack_require__(84297);
		;
		const MAX_QUOTED = 200;
		class FinalError extends errors.lZ {}
		function badStatus(response, scrub) {
			const { status, forwardedBy: forwarder } = response;
			const isPassing = status >= 500 || status === 408 || status === 429;
			const kind = isPassing ? errors.lZ : FinalError;
			const own = status === 401 || status === 403 ? NO_ACCESS : isPassing ? OUTAGE : status < 400 ? MOVED : "";
			const hint = [forwarder === undefined ? "" : ofForwarder(forwarder), own].filter(Boolean).join(" ");
			const who = forwarder === undefined ? "The authority" : `The authority, or ${forwarder},`;
			const target = status >= 300 && status < 400 ? `, a redirect${(0, told_by_headers.ET)(response, scrub)}` : said(response, scrub);
			return new kind("TIMESTAMP_FAILED", `${who} answered ${status}${target}.`, hint ? { hint } : {});
		}
		const ofForwarder = (proxy) => `The answer may be that of the proxy: ask the operators of ${proxy} first whether the proxy lets this runner reach the authority.`;
		const SECOND = "or give a second authority on a line of its own in timestamp-url.";
		const OUTAGE = `The authority is busy or in trouble, or limits requests: run this job again later, ${SECOND}`;
		const MOVED = "A redirect is never followed: write the address that it leads to, probably with https, into timestamp-url.";
		const NO_ACCESS = "The authority does not give stamps to everybody: ask its operators which access it demands, such as an account or an allowed address. The action sends no credentials, except those that a URL in timestamp-url holds in its path or query. Or use an authority that needs none.";
		function readReply(response, scrub) {
			try {
				return readStampAnswer(response.body);
			} catch (error) {
				const type = scrub(String(response.headers["content-type"] ?? "no content type"), MAX_TYPE);
				const what = `It answered ${response.status} (${(0, names.WU)(type)})${said(response, scrub)}`;
				throw new errors.lZ("TIMESTAMP_UNREADABLE", `${what}, which is not a time stamp (RFC 3161).`, {
					hint: "Check that timestamp-url is the address of a time stamp authority, with its path; a web page means that it is not.",
					cause: error
				});
			}
		}
		const MAX_TYPE = 60;
		function said(response, scrub) {
			const reason = (0, answers_reason.YY)(response, scrub);
			if (reason === undefined) return ` with ${response.body.length} bytes`;
			return reason.kind === "words" ? `: “${reason.text}”` : ` with a page ${(0, answers_reason.Xb)(reason)}`;
		}
		const PASSING = [
			"timeNotAvailable",
			"addInfoNotAvailable",
			"systemFailure"
		];
		function refused({ flags, reason: words }, scrub) {
			const reason = (0, names.WU)(scrub(words, MAX_QUOTED));
			const kind = flags.some((flag) => PASSING.includes(flag)) ? errors.lZ : FinalError;
			const why = [flags.join(", "), reason && `“${reason}”`].filter(Boolean).join(", ");
			return new kind("TIMESTAMP_REFUSED", `The authority refused the request${why ? ` (${why})` : ""}.`, { hint: kind === FinalError ? `Ask the operators of the authority about that reason, such as a limit, an account or a policy, ${SECOND}` : OUTAGE });
		}
		;
		const STAMP_MS = 6e4;
		const TRY_MS = 15e3;
		const WAITS_MS = [500, 2e3];
		const TRIES = WAITS_MS.length + 1;
		async function requestStamp(authorities, demand, world) {
			const limit = AbortSignal.timeout(STAMP_MS);
			const tryMs = Math.min(TRY_MS, STAMP_MS / (TRIES * authorities.length));
			const failures = [];
			for (const authority of authorities) {
				const effort = {
					world,
					signal: AbortSignal.any([world.signal, limit]),
					tryMs
				};
				try {
					return await repeat(() => ask(authority, demand, effort), effort);
				} catch (error) {
					world.signal.throwIfAborted();
					failures.push({
						authority,
						error: limit.aborted ? tooLate(STAMP_MS, error) : (0, errors.os)(error)
					});
				}
			}
			throw noStamp(failures);
		}
		async function repeat(attempt, { world: { sleep }, signal }) {
			for (let failed = 1;; failed++) {
				try {
					return await attempt();
				} catch (error) {
					if (error instanceof FinalError || failed >= TRIES || signal.aborted) throw error;
					await (0, clock.H6)(sleep(WAITS_MS[failed - 1] ?? 0), signal);
				}
			}
		}
		async function ask(authority, { sha256, anchors }, { world, signal, tryMs }) {
			const { post, randomInt, scrub, now } = world;
			const nonce = drawNonce(randomInt);
			const late = AbortSignal.timeout(tryMs);
			const askedAt = now();
			const response = await post(authority, encodeRequest(sha256, nonce), AbortSignal.any([signal, late])).catch((error) => {
				throw late.aborted && !signal.aborted ? tooLate(tryMs, error) : aboutAuthority(error, authority);
			});
			const { status, body } = response;
			if (status !== 200 && status !== 201) throw badStatus(response, scrub);
			const answer = readReply(response, scrub);
			if (answer.token === undefined) throw refused(answer, scrub);
			const stamp = checkStamp(body, {
				sha256,
				nonce,
				anchors
			});
			const clockWarning = checkTime(stamp.time, askedAt, now());
			return {
				...stamp,
				bytes: body,
				authority: withoutQuery(authority),
				clockWarning
			};
		}
		const USUAL_DIFFERENCE_MS = 5 * 6e4;
		const MAX_CLOCK_DIFFERENCE_MS = 24 * 60 * 6e4;
		function checkTime(time, askedAt, answeredAt) {
			const [from, to] = [Math.min(askedAt, answeredAt), Math.max(askedAt, answeredAt)];
			const differenceMs = Math.max(from - time.getTime(), time.getTime() - to);
			if (differenceMs <= USUAL_DIFFERENCE_MS) return undefined;
			const clock = new Date(answeredAt).toISOString();
			const sentence = `The time stamp says ${time.toISOString()}, and the clock of this machine says ${clock}.`;
			if (differenceMs > MAX_CLOCK_DIFFERENCE_MS) throw new FinalError("TIMESTAMP_TIME_DIFFERS", sentence, { hint: WRONG_CLOCK });
			return `${sentence} ${WRONG_CLOCK}`;
		}
		const WRONG_CLOCK = "Compare both with a clock that you trust. If that of this machine is wrong, set it (date -u shows it); if the time stamp is wrong, use another authority and tell this one, because its clock is wrong or somebody else uses its key.";
		function withoutQuery({ origin, pathname }) {
			return origin + pathname;
		}
		const OWN_INPUTS = {
			name: "the time stamp authority",
			url: "timestamp-url",
			chain: "timestamp-chain"
		};
		function aboutAuthority(error, { origin }) {
			if (!(error instanceof failure.HR)) return error;
			const { message, hint } = (0, other_server.x)(error, OWN_INPUTS);
			return error.with({
				message: message.replace(`${origin}: `, ""),
				hint
			});
		}
		function drawNonce(randomInt) {
			const nonce = Buffer.from(Array.from({ length: 16 }, () => randomInt(256)));
			nonce[0] = (nonce[0] ?? 0) & 63 | 64;
			return nonce;
		}
		function tooLate(ms, cause) {
			return new errors.lZ("TIMESTAMP_FAILED", `No answer within ${ms / 1e3} s.`, { cause });
		}
		function noStamp(failures) {
			const lines = failures.map(({ authority, error: { code, message } }) => {
				const what = message.replace(`${authority.origin}: `, "").replace(/\.$/, "");
				return `${withoutQuery(authority)}: ${what} (${code})`;
			});
			const hints = failures.flatMap(({ error: { hint } }) => hint || []);
			return new errors.lZ("TIMESTAMP_FAILED", ["No authority gave a time stamp that can be accepted", ...lines].join("\n"), {
				hint: hints.length > 0 ? [...new Set(hints)].join(" ") : "Check timestamp-url, and give a second authority on a line of its own.",
				cause: new AggregateError(failures.map(({ error }) => error))
			});
		}
		;
		function bundledAnchors() {
			return (0, route.uu)().map((pem) => new external_node_crypto_.X509Certificate(pem));
		}
	})
};
