import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape

doc = ET.fromstring('<shop><item id="1" n="2">pen</item><item id="2">ink &amp; paper</item></shop>')
names = {}
for item in doc.iter('item'):
    names[item.get('id')] = item.text
    item.set('seen', 'yes')
new = ET.SubElement(doc, 'item', id='3')
new.text = 'new'
doc.remove(doc[0])
text = ET.tostring(doc, encoding='unicode')
path = [e.text for e in doc.findall("./item[@id='2']")]
try:
    ET.fromstring('<a><b></a>')
except ET.ParseError as e:
    place = e.position
print(names, text, path, place, escape('<&>'))
