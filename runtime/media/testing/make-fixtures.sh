#!/bin/sh
# Makes the fixtures of this folder with the programs whose files they are: Blender, LibreOffice, ffmpeg.
# sh make-fixtures.sh, in an empty folder; then move what it made to fixtures/.
set -eu
here=$(cd "$(dirname "$0")" && pwd)

blender -b --factory-startup --python "$here/make-blend.py" -- "$PWD"
gzip -9n blender-3.4.blend

cat > text.html <<'HTML'
<html><body><h1>Title of it</h1><p>The quick brown fox jumps over the lazy dog, &Uuml;n&iuml;c&ouml;d&eacute; words.</p><p>Second <b>para</b>graph, with <i>more</i> text.</p><p style="page-break-before:always">Page two words here.</p><table><tr><td>cell one</td><td>cell two</td></tr></table></body></html>
HTML
soffice --headless --convert-to odt:writer8 --infilter='HTML (StarWriter)' text.html
soffice --headless --convert-to docx:'MS Word 2007 XML' text.odt
soffice --headless --convert-to doc:'MS Word 97' text.odt
soffice --headless --convert-to rtf:'Rich Text Format' text.odt
soffice --headless --convert-to pdf:writer_pdf_Export text.odt

printf 'name,value,when\nfoo,1,2020-01-01\nbar,2,2020-01-02\n"b,az",3,2020-01-03\n' > table.csv
soffice --headless --convert-to xlsx:'Calc MS Excel 2007 XML' table.csv
soffice --headless --convert-to xls:'MS Excel 97' table.csv
soffice --headless --convert-to ods:calc8 table.csv

cat > drawing.svg <<'SVG'
<svg xmlns="http://www.w3.org/2000/svg" width="200" height="100"><rect width="150" height="50" fill="red"/></svg>
SVG
soffice --headless --convert-to odg drawing.svg

cat > slides.fodp <<'FODP'
<?xml version="1.0" encoding="UTF-8"?>
<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" office:version="1.2" office:mimetype="application/vnd.oasis.opendocument.presentation"><office:body><office:presentation><draw:page draw:name="one"><draw:frame svg:width="10cm" svg:height="2cm" svg:x="1cm" svg:y="1cm"><draw:text-box><text:p>First slide has five words</text:p></draw:text-box></draw:frame></draw:page><draw:page draw:name="two"><draw:frame svg:width="10cm" svg:height="2cm" svg:x="1cm" svg:y="1cm"><draw:text-box><text:p>Second</text:p><text:p>slide</text:p></draw:text-box></draw:frame></draw:page></office:presentation></office:body></office:document>
FODP
soffice --headless --convert-to odp:impress8 slides.fodp

for kind in 'mp3 -b:a 64k' flac 'ogg -c:a libvorbis' 'opus -c:a libopus' 'm4a -c:a aac' 'aac -c:a aac' 'wma -c:a wmav2' 'wav -c:a pcm_s16le'; do
  set -- $kind
  extension=$1
  shift
  ffmpeg -v error -y -f lavfi -i sine=frequency=440:sample_rate=22050:duration=0.4 -bitexact "$@" "tone.$extension"
done
ffmpeg -v error -y -f lavfi -i testsrc=size=64x36:rate=10:duration=1 -c:v libx264 -pix_fmt yuv420p -bitexact clip.mp4
ffmpeg -v error -y -f lavfi -i testsrc=size=64x36:rate=10:duration=1 -c:v libvpx -b:v 100k -bitexact clip.webm
rm -f text.html drawing.svg slides.fodp table.csv
