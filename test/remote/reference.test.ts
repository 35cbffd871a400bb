import { expect, test } from "vitest";
import { hasClearRevisions, readTag, repositoryOf, tagged } from "../../src/remote/reference";

test.each([
	["myscale/myscaledb", "1.8.0", "myscale/myscaledb:1.8.0"],
	["127.0.0.1:5000/db", "1.8.0", "127.0.0.1:5000/db:1.8.0"],
	["ghcr.io/acme/db:v{version}-ubi", "v1.8.0-ubi", "ghcr.io/acme/db:v1.8.0-ubi"],
])("of %s, the tag %s is a version", (image, tag, whole) => {
	expect(readTag(image, tag)).toEqual({ text: "1.8.0", revision: [] });
	expect(tagged(image, "1.8.0")).toBe(whole);
});

test.each([
	["acme/db:v{version}-ubi", "1.8.0"],
	["acme/db:v{version}-ubi", "v1.8.0"],
	// One letter that would have to be both the beginning and the end.
	["acme/db:a{version}a", "a"],
	["acme/db:{version}-r*", "1.8.0-r"],
	["acme/db:{version}-r*", "1.8.0-rc1"],
	["acme/db:{version}-r*", "1.8.0-r1-debug"],
	["acme/db:{version}.r*", "1.8.0-r1"],
])("of %s, the tag %s is none", (image, tag) => {
	expect(readTag(image, tag)).toBeUndefined();
});

test.each([
	["acme/db:{version}-debian-12-r*", "24.12.3-debian-12-r10", "24.12.3", [10]],
	["acme/db:{version}-debian-*-r*", "24.12.3-debian-12-r1", "24.12.3", [12, 1]],
	["localhost:5000/db:b*-{version}", "b7-1.8.0", "1.8.0", [7]],
	["acme/db:{version}.*", "24.8.4.13", "24.8.4", [13]],
])("of %s, the tag %s has numbers beside its version", (image, tag, text, revision) => {
	expect(readTag(image, tag)).toEqual({ text, revision });
});

test.each([
	["acme/db:{version}-r*", true],
	["acme/db:*-{version}-*", true],
	["acme/db", true],
	["acme/*:{version}", false],
	["acme/db*", false],
	["acme/db:r*", false],
	["acme/db:{version}*", false],
	["acme/db:*{version}", false],
	["acme/db:{version}-**", false],
])("whether the numbers of %s can be read: %s", (image, clear) => {
	expect(hasClearRevisions(image)).toBe(clear);
});

test.each([
	"acme/db",
	"localhost:5000/db",
	"localhost:5000/db:{version}-r*",
	"acme/db:1.8.0@sha256:1",
	"acme/db@sha256:1",
])("the repository of %s", (image) => {
	expect(repositoryOf(image)).toMatch(/^(acme|localhost:5000)\/db$/);
});
