"""Gives bills of materials to the validators of their formats.

validate.py JAR FORMAT=FILE...

JAR is tools-java of SPDX. FORMAT is a name of ours, cyclonedx-json@1.6, or ntia: then the file is SPDX 2.3 as JSON, and
what it lacks of the elements that NTIA asks for is printed, and which components lack it. A line on stdout for each complaint, after FORMAT=FILE; ends with 1 if there
is one.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path


def main():
    jar, *documents = sys.argv[1:]
    complaints = []
    for document in documents:
        name, _, file = document.partition("=")
        complaints += [f"{document}: {complaint}" for complaint in validate(jar, name, Path(file))]
    print("\n".join(complaints))
    sys.exit(1 if complaints else 0)


def validate(jar, name, file):
    kind, _, version = name.partition("@")
    if kind == "cyclonedx-json":
        return cyclonedx_json(version, file)
    if kind == "cyclonedx-xml":
        return cyclonedx_xml(version, file)
    if name == "spdx-json@2.3":
        return spdx_python(file, ".spdx.json") + spdx_java(jar, file, ".json", "JSON")
    if name == "spdx-tag-value@2.3":
        return spdx_python(file, ".spdx") + spdx_java(jar, file, ".spdx", "TAG")
    if name == "spdx-json@3.0":
        return spdx_java(jar, file, ".json", "JSONLD")
    if name == "swid":
        return swid(file)
    if name == "ntia":
        return ntia(file)
    return ["no validator of this name"]


def cyclonedx_json(version, file):
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    error = JsonStrictValidator(SchemaVersion.from_version(version)).validate_str(file.read_text("utf-8"))
    return [str(error)] if error else []


def cyclonedx_xml(version, file):
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.xml import XmlValidator

    error = XmlValidator(SchemaVersion.from_version(version)).validate_str(file.read_text("utf-8"))
    return [str(error)] if error else []


TAGS = "{http://standards.iso.org/iso/19770/-2/2015/schema.xsd}"


def swid(file):
    """ISO/IEC 19770-2:2015: the rules of its schema, and what it says in words of tags together."""
    from lxml import etree

    try:
        document = etree.parse(str(file))
    except etree.XMLSyntaxError as error:
        return [str(error)]
    grammar = etree.RelaxNG(etree.parse(str(Path(__file__).with_name("swid.rng"))))
    complaints = [] if grammar.validate(document) else [str(error) for error in grammar.error_log]
    tags = document.findall(f"{TAGS}SoftwareIdentity")
    ids = [tag.get("tagId") for tag in tags]
    # "tagId shall be a globally unique identifier".
    complaints += [f"{name}: two tags have this tagId" for name in sorted({it for it in ids if ids.count(it) > 1})]
    for tag in tags:
        roles = [role for entity in tag.iter(f"{TAGS}Entity") for role in entity.get("role", "").split()]
        # "The role of tagCreator is required for every SWID tag."
        if roles.count("tagCreator") != 1:
            complaints.append(f"{tag.get('tagId')}: {roles.count('tagCreator')} tag creators")
        hrefs = [link.get("href", "") for link in tag.iter(f"{TAGS}Link")]
        # "an URI with swid: as the scheme [...] refers to another swid by tagId"
        others = [href.removeprefix("swid:") for href in hrefs if href.startswith("swid:")]
        complaints += [f"{tag.get('tagId')}: no tag is {other}" for other in others if other not in set(ids)]
        complaints += [f"{tag.get('tagId')}: links to itself" for other in others if other == tag.get("tagId")]
    return complaints


def spdx_python(file, ending):
    from spdx_tools.spdx.parser.error import SPDXParsingError
    from spdx_tools.spdx.parser.parse_anything import parse_file
    from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

    with tempfile.TemporaryDirectory() as folder:
        try:
            document = parse_file(str(copy(file, folder, ending)))
        except SPDXParsingError as error:
            return [f"spdx-tools: {message}" for message in error.get_messages()]
    found = validate_full_spdx_document(document)
    return [f"spdx-tools: {message.validation_message}" for message in found]


def spdx_java(jar, file, ending, kind):
    with tempfile.TemporaryDirectory() as folder:
        # The list of licences that is in the jar: no network.
        java = ["java", "-DSPDXParser.OnlyUseLocalLicenses=true", "-jar", jar, "Verify"]
        run = subprocess.run(
            [*java, str(copy(file, folder, ending)), kind], capture_output=True, text=True, check=False
        )
    if run.returncode == 0 and "This SPDX Document is valid." in run.stdout:
        return []
    lines = [line.strip() for line in (run.stdout + run.stderr).splitlines() if line.strip()]
    # One wrong word makes hundreds of lines.
    return [f"tools-java: {line}" for line in lines[:10]]


def ntia(file):
    """What NTIA asks of a document, and of each component: the names of those that lack it."""
    with tempfile.TemporaryDirectory() as folder:
        checker = "from ntia_conformance_checker.main import main; main()"
        run = subprocess.run(
            [sys.executable, "-c", checker, "-c", "ntia", "--output", "json", str(copy(file, folder, ".spdx.json"))],
            capture_output=True,
            text=True,
            check=False,
        )
    try:
        report = json.loads(run.stdout)
    except json.JSONDecodeError:
        return [run.stdout + run.stderr]
    asked = ["authorNameProvided", "timestampProvided", "dependencyRelationshipsProvided"]
    lacking = [name for name in asked if not report[name]]
    for kind in ["componentNames", "componentVersions", "componentIdentifiers", "componentSuppliers"]:
        if not report[kind]["allProvided"]:
            lacking.append(f"{kind}: {', '.join(sorted(report[kind]['nonconformantComponents']))}")
    if not lacking and not report["isNtiaConformant"]:
        return [run.stdout]
    return lacking


def copy(file, folder, ending):
    """The validators tell formats by the endings of names."""
    return shutil.copy(file, Path(folder) / f"document{ending}")


if __name__ == "__main__":
    main()
