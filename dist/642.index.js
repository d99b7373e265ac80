export const id = 642;
export const ids = [642];
export const modules = { 33642: ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {
	__webpack_require__.d(__webpack_exports__, { renderKit: () => renderKit });
	;
	const KIT_MARK = "<!-- mtls-release-signing verification kit -->";
	var der = __webpack_require__(97415);
	var names = __webpack_require__(93509);
	;
	function quoteForShell(text) {
		return `'${text.replaceAll("'", `'\\''`)}'`;
	}
	function quoteForPowerShell(text) {
		return `'${text.replace(/['\u2018\u2019\u201A\u201B]/g, "$&$&")}'`;
	}
	function asCode(name) {
		const text = (0, names.WU)(name);
		const fence = fenceFor(text, 1);
		return text.startsWith("`") || text.endsWith("`") ? `${fence} ${text} ${fence}` : `${fence}${text}${fence}`;
	}
	function blockOf(language, lines) {
		const text = lines.join("\n");
		const fence = fenceFor(text, 3);
		return `${fence}${language}\n${text}\n${fence}`;
	}
	function fenceFor(text, least) {
		const longest = Math.max(0, ...(text.match(/`+/g) ?? []).map(({ length }) => length));
		return "`".repeat(Math.max(least, longest + 1));
	}
	function isPrintable(name) {
		return !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Cf}]/u.test(name);
	}
	var writing_checksums = __webpack_require__(22414);
	;
	const LINUX = {
		checkSums: "sha256sum -c",
		decodeHex: `tr -d '\\r\\n' < "$1" | tr a-f A-F | basenc --base16 -d > "$signature"`
	};
	const MAC = {
		checkSums: "shasum -a 256 -c",
		decodeHex: "xxd -r -p < \"$1\" > \"$signature\""
	};
	const ALL_WELL = "Every file is signed with this key, and as the list says.";
	function renderKey(release) {
		const pem = release.key.keyObject.export({
			format: "pem",
			type: "spki"
		}).toString();
		const file = fileFor(release, "public-key.pem");
		return blockOf("sh", [
			`cat > ${file} <<'END'`,
			pem.trim(),
			"END",
			`openssl pkey -pubin -in ${file} -outform DER | openssl dgst -sha256`
		]);
	}
	function fileFor({ data, checksums = "", timestamp = "" }, name) {
		const paths = [
			...data.files.map(([path]) => path),
			...data.companions,
			checksums,
			timestamp
		];
		const taken = new Set(paths.map((path) => (0, names.zN)(path.replace(/\/.*/s, ""))));
		let free = name;
		for (let number = 2; taken.has((0, names.zN)(free)) || taken.has((0, names.zN)(free + data.suffix)); number++) free = name.replace(".", `-${number}.`);
		return free;
	}
	function renderShell(release, system) {
		const tools = system === "linux" ? LINUX : MAC;
		return blockOf("sh", [
			"(",
			...defineCheck(release, tools),
			"",
			...checkAll(release, tools),
			`echo ${quoteForShell(ALL_WELL)}`,
			")"
		]);
	}
	function renderStampCheck({ checksums, timestamp }, authorityFile) {
		const [list, stamp] = [operand(checksums), operand(timestamp)];
		return blockOf("sh", [`openssl ts -verify -data ${list} -in ${stamp} -CAfile ${authorityFile}`]);
	}
	function defineCheck(release, tools) {
		const { data, layout } = release;
		const decode = data.encoding === "hex" ? tools.decodeHex : `tr -d '\\r\\n' < "$1" | openssl base64 -d -A > "$signature"`;
		return [
			"set -e",
			"signature=$(mktemp)",
			"",
			"# check FILE: fails unless FILE has a valid signature beside it.",
			"check() {",
			`  set -- "$1${data.suffix}" "$1"`,
			`  ${decode}`,
			...layout === "ieee-p1363" ? toDer() : [],
			`  ${verifyCommand(data.algorithm, fileFor(release, "public-key.pem"))} >/dev/null || { echo "$2: NOT VALID"; return 1; }`,
			"  echo \"$2: valid signature\"",
			"}"
		];
	}
	function toDer() {
		return [
			`  hex=$(od -An -v -tx1 < "$signature" | tr -d ' \\n')`,
			`  half=$((\${#hex} / 2))`,
			`  r=$(printf %s "$hex" | cut -c "1-$half")`,
			`  s=$(printf %s "$hex" | cut -c "$((half + 1))-")`,
			`  printf 'asn1=SEQUENCE:rs\\n[rs]\\nr=INTEGER:0x%s\\ns=INTEGER:0x%s\\n' "$r" "$s" > "$signature.cnf"`,
			`  openssl asn1parse -genconf "$signature.cnf" -noout -out "$signature"`
		];
	}
	function verifyCommand(algorithm, keyFile) {
		if (algorithm === "ed25519") return `openssl pkeyutl -verify -pubin -inkey ${keyFile} -rawin -in "$2" -sigfile "$signature"`;
		const bits = algorithm.slice(-3);
		const pss = `-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:${Number(bits) / 8} `;
		return `openssl dgst -sha${bits} ${algorithm.startsWith("rsa-pss") ? pss : ""}-verify ${keyFile} -signature "$signature" "$2"`;
	}
	function checkAll({ data, checksums }, { checkSums }) {
		if (checksums !== undefined) {
			return [
				"# The list is signed, and the list names every file.",
				`check ${operand(checksums)}`,
				`${checkSums} ${operand(checksums)}`
			];
		}
		const files = data.files.filter(([path]) => isPrintable(path));
		const sums = (0, writing_checksums.p)(files.map(([path, , sha256]) => ({
			path,
			sha256
		})));
		return [
			...files.map(([path, size]) => size === 0 && data.algorithm === "ed25519" ? `# OpenSSL checks no Ed25519 signature of an empty file: ${quoteForShell(path)} is only looked up in the list.` : `check ${operand(path)}`),
			`${checkSums} <<'END'`,
			...sums.trimEnd().split("\n"),
			"END"
		];
	}
	function operand(path) {
		return quoteForShell(path.startsWith("-") ? `./${path}` : path);
	}
	;
	function renderPowerShell(release, version) {
		const { algorithm } = release.data;
		if (algorithm === "ed25519") return undefined;
		return blockOf("powershell", [
			"& {",
			"$ErrorActionPreference = 'Stop'",
			...makeKey(release, version),
			...version === "5.1" && release.layout === "der" ? [...FROM_DER] : [],
			"",
			"# Stops unless the file has a valid signature beside it.",
			"function Test-Signature([string]$Path) {",
			"  $file = Convert-Path -LiteralPath $Path",
			`  $text = [IO.File]::ReadAllText($file + ${quoteForPowerShell(release.data.suffix)}).Trim()`,
			`  ${decodeText(release, version)}`,
			"  $stream = [IO.File]::OpenRead($file)",
			`  try { ${verifyStream(release, version)} } finally { $stream.Dispose() }`,
			"  if (-not $valid) { throw \"$($Path): NOT VALID\" }",
			"  \"$($Path): valid signature\"",
			"}",
			"",
			"# Stops unless the file has the SHA-256 of the list.",
			"function Test-Sum([string]$Path, [string]$Sum) {",
			"  if ((Get-FileHash -LiteralPath $Path -Algorithm SHA256).Hash -ne $Sum) { throw \"$($Path): CHANGED\" }",
			"  \"$($Path): as in the list\"",
			"}",
			"",
			...powershell_checkAll(release),
			quoteForPowerShell(ALL_WELL),
			"}"
		]);
	}
	const FROM_DER = [
		"",
		"# The .NET Framework takes the two numbers of a signature without DER around them.",
		"function ConvertFrom-Der([byte[]]$Der, [int]$Size) {",
		"  $at = if ($Der[1] -eq 0x81) { 3 } else { 2 }",
		"  $numbers = New-Object byte[] (2 * $Size)",
		"  foreach ($end in $Size, (2 * $Size)) {",
		"    $length = [int]$Der[$at + 1]",
		"    $skip = [Math]::Max(0, $length - $Size)",
		"    if ($skip -gt 1 -or ($skip -eq 1 -and $Der[$at + 2] -ne 0)) { throw 'no signature' }",
		"    [Array]::Copy($Der, $at + 2 + $skip, $numbers, $end - $length + $skip, $length - $skip)",
		"    $at += 2 + $length",
		"  }",
		"  , $numbers",
		"}"
	];
	function makeKey({ key, data }, version) {
		if (key.kind.startsWith("rsa")) {
			const { modulus, exponent } = rsaNumbers(key);
			const create = version === "7" ? "[Security.Cryptography.RSA]::Create()" : "New-Object Security.Cryptography.RSACng";
			return [
				"$numbers = New-Object Security.Cryptography.RSAParameters",
				`$numbers.Modulus = [Convert]::FromBase64String('${modulus.toString("base64")}')`,
				`$numbers.Exponent = [Convert]::FromBase64String('${exponent.toString("base64")}')`,
				`$key = ${create}`,
				"$key.ImportParameters($numbers)"
			];
		}
		if (version === "7") {
			return [
				"$key = [Security.Cryptography.ECDsa]::Create()",
				"$read = 0",
				`$key.ImportSubjectPublicKeyInfo([Convert]::FromBase64String('${data.key}'), [ref]$read)`
			];
		}
		return [
			`$blob = [Convert]::FromBase64String('${cngBlob(key).toString("base64")}')`,
			"$cng = [Security.Cryptography.CngKey]::Import($blob, [Security.Cryptography.CngKeyBlobFormat]::EccPublicBlob)",
			"$key = New-Object Security.Cryptography.ECDsaCng $cng"
		];
	}
	function decodeText({ data, layout, key }, version) {
		const hex = version === "7" ? "[Convert]::FromHexString($text)" : "[byte[]]($text -split '(..)' -ne '' | ForEach-Object { [Convert]::ToByte($_, 16) })";
		const bytes = data.encoding === "hex" ? hex : "[Convert]::FromBase64String($text)";
		if (version === "7" || layout !== "der") return `$signature = ${bytes}`;
		return `$signature = ConvertFrom-Der (${bytes}) ${CURVE_BYTES[key.kind] ?? 0}`;
	}
	function verifyStream({ data, layout }, version) {
		const { algorithm } = data;
		const hash = `[Security.Cryptography.HashAlgorithmName]::SHA${algorithm.slice(-3)}`;
		return `$valid = $key.VerifyData($stream, $signature, ${hash}${lastArgument(algorithm, version, layout)})`;
	}
	function lastArgument(algorithm, version, layout) {
		if (algorithm.startsWith("rsa-pss")) return ", [Security.Cryptography.RSASignaturePadding]::Pss";
		if (algorithm.startsWith("rsa")) return ", [Security.Cryptography.RSASignaturePadding]::Pkcs1";
		if (version === "5.1") return "";
		const format = layout === "der" ? "Rfc3279DerSequence" : "IeeeP1363FixedFieldConcatenation";
		return `, [Security.Cryptography.DSASignatureFormat]::${format}`;
	}
	function powershell_checkAll({ data, checksums }) {
		if (checksums !== undefined) {
			const list = quoteForPowerShell(checksums);
			return [
				"# The list is signed, and the list names every file.",
				`Test-Signature ${list}`,
				`foreach ($line in [IO.File]::ReadAllLines((Convert-Path -LiteralPath ${list}))) {`,
				"  Test-Sum $line.Substring(66) $line.Substring(0, 64)",
				"}"
			];
		}
		return data.files.filter(([path]) => isPrintable(path)).flatMap(([path, , sha256]) => {
			const name = quoteForPowerShell(path);
			return [`Test-Signature ${name}`, `Test-Sum ${name} '${sha256}'`];
		});
	}
	const CURVE_BYTES = {
		"ec-p256": 32,
		"ec-p384": 48,
		"ec-p521": 66
	};
	const CURVE_MAGIC = {
		"ec-p256": "ECS1",
		"ec-p384": "ECS3",
		"ec-p521": "ECS5"
	};
	function cngBlob({ kind, keyObject }) {
		const { x = "", y = "" } = keyObject.export({ format: "jwk" });
		const size = Buffer.alloc(4);
		size.writeUInt32LE(CURVE_BYTES[kind] ?? 0);
		return Buffer.concat([
			Buffer.from(CURVE_MAGIC[kind] ?? ""),
			size,
			Buffer.from(x, "base64url"),
			Buffer.from(y, "base64url")
		]);
	}
	function rsaNumbers({ keyObject }) {
		const [, bits] = (0, der.LU)((0, der.RN)(keyObject.export({
			format: "der",
			type: "spki"
		})));
		const [modulus, exponent] = (0, der.LU)((0, der.RN)(bits?.content.subarray(1) ?? Buffer.alloc(0)));
		const unsigned = (number) => number?.[0] === 0 ? number.subarray(1) : number ?? Buffer.alloc(0);
		return {
			modulus: unsigned(modulus?.content),
			exponent: unsigned(exponent?.content)
		};
	}
	;
	function renderGuide(release) {
		const { data } = release;
		const name = [data.project, data.ref].filter(Boolean).join(" ");
		const parts = [
			KIT_MARK,
			`# Check ${name ? plain(name) : "a release"}`,
			...data.rehearsal ? ["**This is a rehearsal.** The key was made for one run and thrown away: a signature with it proves nothing."] : [],
			facts(release),
			"## In a browser",
			`Open ${asCode(release.pageName)} beside this file and drop the files on it. It needs no network and installs nothing.`,
			"## The key",
			"This text came with the files, so it cannot vouch for the key: whoever could change the files could change it too. " + "Get the fingerprint another way, such as the publisher’s own web site, your contract or an earlier release, and compare all of it with the number that these commands print.",
			renderKey(release),
			`The commands below run in the directory of the files, with ${asCode(fileFor(release, "public-key.pem"))} and the signatures beside the files. They stop at the first file that fails a check.`,
			"## Linux, WSL, Git Bash",
			renderShell(release, "linux"),
			partOf(release),
			"## macOS",
			data.algorithm === "ed25519" ? "The LibreSSL of macOS cannot check Ed25519. Use the page, or OpenSSL 3 from Homebrew with the commands above." : renderShell(release, "mac"),
			...powerShells(release),
			...stampOf(release),
			"## What this shows",
			"The signature covers the bytes of a file, and the list covers its name. Together they say that the holder of the key signed exactly these files. They do not say what a file does."
		];
		return `${parts.filter(Boolean).join("\n\n")}\n`;
	}
	function facts({ data, key, checksums }) {
		const unusual = data.files.filter(([path]) => !isPrintable(path)).length;
		const rows = [
			["Key", key.name],
			["Fingerprint (SHA-256)", asCode(key.spkiSha256)],
			["Algorithm", asCode(data.algorithm)],
			["Signatures", `text in ${data.encoding}, each in a file of the same name with ${asCode(data.suffix)} added`],
			["Commit", data.commit ? asCode(data.commit) : ""],
			["Signed", data.createdAt],
			["Files", `${data.files.length}${checksums === undefined ? "" : `, listed in ${asCode(checksums)}`}`]
		];
		const list = rows.filter(([, value]) => value).map(([name, value]) => `- ${name}: ${value}`);
		if (unusual === 0 || checksums !== undefined) return list.join("\n");
		return `${list.join("\n")}\n\n${unusual} of the files have names with invisible characters and are left out below; the page checks them too.`;
	}
	function stampOf(release) {
		const { checksums, timestamp } = release;
		if (checksums === undefined || timestamp === undefined) return [];
		const authorityFile = fileFor(release, "authority.pem");
		return [
			"## The time",
			`${asCode(timestamp)} is a time stamp (RFC 3161) of ${asCode(checksums)}: it proves that the list existed at that time. Get the root certificate of the authority from its own web site, as ${asCode(authorityFile)}. OpenSSL 3 prints \`Verification: OK\`.`,
			renderStampCheck({
				checksums,
				timestamp
			}, authorityFile)
		];
	}
	function partOf({ checksums }) {
		if (checksums === undefined) return "";
		return "To check some of the files only, add `--ignore-missing` after `-c`: missing files are then not checked and not reported.";
	}
	function powerShells(release) {
		const [seven, five] = [renderPowerShell(release, "7"), renderPowerShell(release, "5.1")];
		if (seven === undefined || five === undefined) {
			return ["## PowerShell", "Neither version of PowerShell can check Ed25519. Use the page, or the commands for Git Bash: Git for Windows brings OpenSSL 3."];
		}
		return [
			"## PowerShell 7",
			seven,
			"## Windows PowerShell 5.1",
			five
		];
	}
	function plain(text) {
		return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "").replace(/[\\`*_{}[\]()<>#+!|~&-]/g, "\\$&");
	}
	var page = __webpack_require__(10535);
	;
	function renderKit(template, release) {
		const { project, ref, commit, createdAt, isRehearsal, key, algorithm, encoding, suffix, files, lists } = release;
		const data = {
			project,
			ref,
			commit,
			createdAt,
			rehearsal: isRehearsal,
			key: key.keyObject.export({
				format: "der",
				type: "spki"
			}).toString("base64"),
			keyName: key.name,
			algorithm,
			encoding,
			suffix,
			files: files.map(toListed),
			companions: release.companions.filter((path) => !lists.some((list) => list.path === path))
		};
		const { layout, checksums, timestamp, pageName } = release;
		return {
			page: (0, page.C)(template, {
				...data,
				files: [...data.files, ...lists.map(toListed)]
			}),
			guide: renderGuide({
				data,
				key,
				layout,
				checksums,
				timestamp,
				pageName
			})
		};
	}
	function toListed({ path, size, sha256 }) {
		return [
			path,
			size,
			sha256
		];
	}
}) };
